// A series as the chart takes it. Pure.

import { number } from "./format.js";

/**
 * Columns over the same times: [times, value, low, high, week before, target, expected]; null where one has no point.
 * `offsetS`: from a window's start to where it is drawn; points further apart than `gapS` are not joined.
 */
export function columns(series, offsetS = 0, gapS = null) {
  const line = broken(series.line, gapS).map((point) => [point[0], number(point[1]), number(point[2]), number(point[3])]);
  const last = line.at(-1)?.[0] ?? 0;
  const first = line[0]?.[0] ?? 0;
  const beside = [series.week_ago ?? [], series.goal?.target ?? [], series.goal?.expected ?? []].map(
    (points) => new Map(points.map((point) => [point[0], number(point[1])])),
  );
  const within = [...beside.flatMap((one) => [...one.keys()])].filter((start) => start >= first && start <= last);
  const starts = [...new Set([...line.map((point) => point[0]), ...within])].sort((a, b) => a - b);
  const own = new Map(line.map((point) => [point[0], point]));
  const column = (index) => starts.map((start) => own.get(start)?.[index] ?? null);
  return [starts.map((start) => start + offsetS), column(1), column(2), column(3), ...beside.map((one) => starts.map((start) => one.get(start) ?? null))];
}

/** The line with a point without a value in each gap, so that no stroke crosses it. */
function broken(line, gapS) {
  if (!gapS) return line;
  const gap = (point, next) => (next && next[0] - point[0] > gapS ? [point, [(point[0] + next[0]) / 2, null, null, null]] : [point]);
  return line.flatMap((point, index) => gap(point, line[index + 1]));
}

/** The part of columns from a moment on. */
export function since(all, fromS) {
  const first = all[0].findIndex((at) => at >= fromS);
  return first <= 0 ? all : all.map((column) => column.slice(first));
}

/** Least and greatest of the y axis. An interval over few sessions is cut: the line has to stay readable. */
export function yRange([, value, low, high, ...beside]) {
  const known = [value, ...beside].flat().filter((one) => one !== null);
  if (known.length === 0) return [0, 1];
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const span = most - least || Math.abs(most) || 1;
  const lows = low.filter((one) => one !== null);
  const highs = high.filter((one) => one !== null);
  const from = Math.max(least - span * 0.6, Math.min(least - span * 0.08, ...lows));
  const to = Math.min(most + span * 0.6, Math.max(most + span * 0.08, ...highs));
  const nearZero = least >= 0 && from < 0.35 * to; // a scale that begins at 0 exaggerates nothing
  return [nearZero ? 0 : from, to];
}

/** Transitions as spans of time, each once, oldest first: {from, to, level, alert}; `to` null: it fires; `level`: the worst. */
export function episodes(alerts) {
  const found = new Map();
  const critical = new Set();
  const keyOf = (alert) => `${alert.fingerprint} ${alert.starts_at}`;
  for (const alert of alerts) {
    const key = keyOf(alert);
    if (alert.level === "critical") critical.add(key);
    const known = found.get(key);
    if (!known || known.sequence < alert.sequence) found.set(key, alert);
  }
  const at = (text) => (text ? Date.parse(text) / 1000 : null);
  return [...found.values()]
    .map((alert) => ({ from: at(alert.starts_at), to: at(alert.ends_at), level: critical.has(keyOf(alert)) ? "critical" : alert.level, alert }))
    .sort((a, b) => a.from - b.from);
}
