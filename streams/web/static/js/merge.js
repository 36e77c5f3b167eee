// What an event of the stream does to what is known. Pure: takes values, returns new ones, the same object if nothing changed.

import { number, seconds } from "./format.js";

/** Whether record `b` takes the place of `a` of the same series: a later window, or a later revision of the same. */
export function supersedes(b, a) {
  if (!a) return true;
  const [was, is] = [seconds(a.start), seconds(b.start)];
  if (is !== was) return is > was;
  if (a.definition !== b.definition) return seconds(b.emitted_at) >= seconds(a.emitted_at);
  return b.revision >= a.revision;
}

/** A record as a point of a line: [start_s, value, low, high]. */
export function pointOf(value) {
  const [low, high] = value.interval ?? [null, null];
  return [seconds(value.start), number(value.value), low, high];
}

/** The line, oldest first, with the point in its place; at most `limit` points. */
export function withPoint(line, point, limit = Infinity) {
  let at = line.length;
  while (at > 0 && line[at - 1][0] > point[0]) at -= 1;
  const known = at > 0 && line[at - 1][0] === point[0];
  if (known && line[at - 1].every((one, index) => one === point[index])) return line;
  const next = line.slice();
  next.splice(known ? at - 1 : at, known ? 1 : 0, point);
  return next.length > limit ? next.slice(next.length - limit) : next;
}

/** A tile after a record of its total. What it is compared with comes with the next tile of the stream, within a second. */
export function tileWithValue(tile, value, limit) {
  const line = withPoint(tile.line ?? [], pointOf(value), limit);
  const newer = supersedes(value, tile.last);
  if (!newer && line === tile.line) return tile;
  return { ...tile, line, last: newer ? value : tile.last };
}

/** A tile after a tile of the stream, which has no line; one that is behind our last value keeps ours. */
export function tileWithTile(tile, news, limit) {
  const was = tile?.last ?? null;
  const last = news.last && supersedes(news.last, was) ? kept(was, news.last) : was;
  const line = news.last ? withPoint(tile?.line ?? [], pointOf(news.last), limit) : (tile?.line ?? []);
  return { ...tile, ...news, last, line, goal: kept(tile?.goal, news.goal) };
}

/** The old object where the new one says the same: what is the same object is not drawn again. */
function kept(was, is) {
  return JSON.stringify(was) === JSON.stringify(is) ? was : is;
}

/**
 * {firing, history} after a transition; firing: worst first, then the newest; history: newest first, at most `limit`.
 * A transition is told again once its explanation is known, then maybe after a later one: it takes its own place and no more.
 */
export function alertsWith({ firing, history }, alert, limit = 200) {
  const its = (one) => one.fingerprint === alert.fingerprint;
  const told = history.findIndex((one) => its(one) && one.sequence === alert.sequence);
  const past = told < 0 ? [alert, ...history].slice(0, limit) : history.with(told, alert);
  if ([...firing, ...history].some((one) => its(one) && one.sequence > alert.sequence)) return { firing, history: past };
  const others = firing.filter((one) => !its(one));
  const now = alert.state === "firing" ? [...others, alert] : others;
  return { firing: now.sort(byBadness), history: past };
}

/** Whether the transition is known: it comes again with its explanation. */
export function isTold({ history }, alert) {
  return history.some((one) => one.fingerprint === alert.fingerprint && one.sequence === alert.sequence);
}

const RANK = { critical: 2, warning: 1 };

function byBadness(a, b) {
  return (RANK[b.level] ?? 0) - (RANK[a.level] ?? 0) || seconds(b.starts_at) - seconds(a.starts_at);
}

/** The worst level among alerts; null of none. */
export function worst(alerts) {
  return alerts.map((one) => one.level).sort((a, b) => (RANK[b] ?? 0) - (RANK[a] ?? 0))[0] ?? null;
}
