// The state of the pipeline as one plain sentence. Pure.

const TOLD_AGE_S = 5; // less is the usual beat of commits
const ONLY_CORRECT = new Set(["ad-spend", "fx-rates"]); // they hold no window back: kpis.md, section 3

/** Codes of /api/v1/ledger; `n` of unread and unbalanced are records, of stopped and alert seconds. */
export const CODES = ["unread", "stopped", "no_worker", "unbalanced", "alert"];

/** {behind, text}: `ledger` as /api/v1/ledger has it. */
export function sentence(ledger, say, format, nowS) {
  if (!ledger.behind) return { behind: false, text: calm(ledger, say, format, nowS) };
  const list = listed(reasons(ledger, say, format), say);
  const age = ledger.freshness_s ?? 0;
  const key = age >= TOLD_AGE_S ? "strip.behind" : "strip.behind.no_age";
  return { behind: true, text: say.t(key, { age: format.age(age), list }) };
}

function calm(ledger, say, format, nowS) {
  const marks = ledger.topics.filter((one) => one.watermark !== null && !ONLY_CORRECT.has(one.topic));
  if (marks.length === 0) return say.t("strip.empty");
  const upTo = Math.min(...marks.map((one) => Date.parse(one.watermark) / 1000));
  const read = ledger.topics.every((one) => !one.unread);
  return say.t(read ? "strip.well" : "strip.reading", { at: format.time(upTo, nowS, true) });
}

/** Unread records of all topics as one reason; the shop's own topics by name, those between the steps as one number. */
function reasons({ topics, why }, say, format) {
  const unread = why.filter((one) => one.code === "unread");
  const others = why.filter((one) => one.code !== "unread").map((one) => reasonText(one, say, format));
  if (unread.length === 0) return others;
  const own = unread.filter((one) => topics.some(({ topic }) => topic === one.topic));
  const inside = unread.filter((one) => !own.includes(one)).reduce((sum, one) => sum + one.n, 0);
  const parts = own.map(({ topic, n }) => say.t("strip.unread.topic", { topic, count: format.count(n) }));
  if (inside && own.length === 0) parts.push(say.t("strip.unread.inside", { count: format.count(inside) }));
  return [...others, say.t("strip.unread", { list: listed(parts, say) })];
}

function reasonText({ code, topic, n }, say, format) {
  const key = say.has(`strip.${code}`) ? `strip.${code}` : "strip.unknown";
  return say.t(key, { code, topic: topic ?? "", count: format.count(n), age: format.age(n) }).trim();
}

function listed(parts, say) {
  return new Intl.ListFormat(say.language, { type: "conjunction" }).format(parts);
}

/** Sums over the topics: {counted, late, invalid}. */
export function totals(ledger) {
  const sum = (name) => ledger.topics.reduce((all, one) => all + one[name], 0);
  return { counted: sum("counted"), late: sum("late"), invalid: sum("invalid") };
}
