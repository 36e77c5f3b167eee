// How a value compares with what was: a decision in plain values, so that the tile only has to say it.

import { kindOf, number, seconds } from "./format.js";

const WHOLE = 0.98; // an open window that has seen this share of its length is compared like a closed one
const FLAT = 0.0005; // of the value, or points of a percent: less is "as last week"

/** What a value is set against: {value, than: "week"}, without a last week the window before it, else null. */
export function reference(last, weekAgo, line, lengthS) {
  const week = number(weekAgo);
  if (week !== null) return { value: week, than: "week" };
  if (!last || !lengthS) return null;
  const start = seconds(last.start) - lengthS;
  const before = number(line.find((point) => point[0] === start)?.[1]);
  return before === null ? null : { value: before, than: "before" };
}

/**
 * {way: up|down|flat, size, points: bool, mood: good|bad|neutral, than}, {way: "partial", share, than}; null: not known.
 * `partial`: a sum of a window that is still open is set against the whole of last week's, without a judgement:
 * every morning would look like a catastrophe.
 */
export function change(kpi, last, against) {
  const now = number(last?.value);
  if (now === null || against === null) return null;
  const { value: was, than } = against;
  if (isOpen(last) && last.denominator === null) return was > 0 && now >= 0 ? { way: "partial", share: now / was, than } : null;
  const points = kindOf(kpi) === "percent";
  if (!points && was === 0) return now === 0 ? { way: "flat", size: 0, points, mood: "neutral", than } : null;
  const size = points ? now - was : (now - was) / Math.abs(was);
  if (Math.abs(size) < FLAT) return { way: "flat", size: 0, points, mood: "neutral", than };
  const way = size > 0 ? "up" : "down";
  return { way, size: Math.abs(size), points, mood: mood(kpi.good, way), than };
}

export function mood(good, way) {
  if (good !== "up" && good !== "down") return "neutral";
  return good === way ? "good" : "bad";
}

/** Whether a window has seen only a part of its length. */
export function isOpen(value) {
  if (value.status !== "provisional") return false;
  const [start, end, at] = [value.start, value.end, value.watermark].map(seconds);
  return (at - start) / (end - start) < WHOLE;
}
