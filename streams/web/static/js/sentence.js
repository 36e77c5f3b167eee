// The state of the pipeline as one plain sentence. Pure.

const MAX_REASONS = 3;
const TOLD_AGE_S = 5; // less is the usual beat of commits

/** {behind, text}: `ledger` as /api/v1/ledger has it. */
export function sentence(ledger, say, format, nowS) {
  if (!ledger.behind) return { behind: false, text: calm(ledger, say, format, nowS) };
  const reasons = ledger.why.slice(0, MAX_REASONS).map((reason) => reasonText(reason, say, format));
  const list = new Intl.ListFormat(say.language, { type: "conjunction" }).format(reasons);
  const known = ledger.freshness_s >= TOLD_AGE_S;
  const key = known ? "strip.behind" : "strip.behind.no_age";
  return { behind: true, text: say.t(key, { age: format.age(ledger.freshness_s), list: list || say.t("strip.no_worker") }) };
}

function calm(ledger, say, format, nowS) {
  const marks = ledger.topics.map((one) => one.watermark).filter((one) => one !== null);
  if (marks.length === 0) return say.t("strip.empty");
  const upTo = Math.max(...marks.map((one) => Date.parse(one) / 1000));
  return say.t("strip.well", { at: format.time(upTo, nowS, true) });
}

function reasonText({ code, topic, n }, say, format) {
  const count = n ?? 0;
  const key = say.has(`strip.${code}`) ? `strip.${code}` : "strip.unknown";
  return say.t(key, { code, topic: topic ?? "", n: count, count: format.count(count) }).trim();
}

/** Sums over the topics: {counted, late, invalid, unread}. */
export function totals(ledger) {
  const sum = (name) => ledger.topics.reduce((all, one) => all + (one[name] ?? 0), 0);
  return { counted: sum("counted"), late: sum("late"), invalid: sum("invalid"), unread: sum("unread") };
}
