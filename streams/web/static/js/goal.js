// The progress of a KPI towards its target: a bar, a mark where it is expected to be by now, and the same in words.

import { number } from "./format.js";

/** Shares of the bar's length and what is to be said: {done, mark, attainment, target, expected, forecast}; null: no target. */
export function progress(goal) {
  const [target, expected, attainment, forecast] = ["target", "expected", "attainment", "forecast"].map((name) => number(goal?.[name]));
  if (!target || attainment === null) return null;
  const share = (value) => Math.min(1, Math.max(0, value));
  return {
    done: share(attainment),
    mark: expected === null ? null : share(expected / target),
    attainment,
    target,
    expected,
    forecast,
  };
}

/** The words under the bar, the important first. `say`: texts; `format`: of the KPI's figures. */
export function goalWords(kpi, its, say, format) {
  const words = [say.t("tile.goal", { attainment: format.share(its.attainment), target: format.value(kpi, its.target) })];
  if (its.expected !== null && its.expected !== its.target) {
    words.push(say.t("tile.goal.expected", { expected: format.value(kpi, its.expected) }));
  }
  return words;
}
