// How a value compares with that of last week: a decision in plain values, so that the tile only has to say it.

import { kindOf, number, seconds } from "./format.js";

const WHOLE = 0.98; // an open window that has seen this share of its length is compared like a closed one
const FLAT = 0.0005; // of the value, or points of a percent: less is "as last week"

/**
 * {way: up|down|flat, size, points: bool, mood: good|bad|neutral}, {way: "partial", share} or {way: "unknown"}.
 * `partial`: a sum of a window that is still open is set against the whole of last week's, without a judgement:
 * every morning would look like a catastrophe.
 */
export function change(kpi, last, weekAgo) {
  const now = number(last?.value);
  if (now === null || weekAgo === null || weekAgo === undefined) return { way: "unknown" };
  if (isOpen(last) && last.denominator === null) {
    return weekAgo > 0 && now >= 0 ? { way: "partial", share: now / weekAgo } : { way: "unknown" };
  }
  const points = kindOf(kpi) === "percent";
  if (!points && weekAgo === 0) return now === 0 ? { way: "flat", size: 0, points, mood: "neutral" } : { way: "unknown" };
  const size = points ? now - weekAgo : (now - weekAgo) / Math.abs(weekAgo);
  if (Math.abs(size) < FLAT) return { way: "flat", size: 0, points, mood: "neutral" };
  const way = size > 0 ? "up" : "down";
  return { way, size: Math.abs(size), points, mood: mood(kpi.good, way) };
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
