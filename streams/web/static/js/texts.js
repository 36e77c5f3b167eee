// The texts of the page in its language: t(key, {name: value}), and names of KPIs, dimensions, segments, windows.
// Another language: a file beside en.js with the same keys, and a line in LANGUAGES.

import { texts as en } from "./texts/en.js";
import { texts as pl } from "./texts/pl.js";

export const LANGUAGES = { en, pl };
export const LANGUAGE_NAMES = { en: "English", pl: "Polski" };

/** The texts of `language`; an unknown key shows itself, so that a hole is seen and nothing breaks. */
export function textsOf(language) {
  const catalogue = LANGUAGES[language] ?? en;
  const plural = new Intl.PluralRules(language);
  const has = (key) => Object.hasOwn(catalogue, key);

  function t(key, named = {}) {
    const found = has(key) ? catalogue[key] : key;
    const text = typeof found === "string" ? found : (found[plural.select(named.n ?? 0)] ?? found.other);
    return text.replace(/\{(\w+)\}/g, (whole, name) => named[name] ?? whole);
  }

  const named = (kind, name, otherwise) => (has(`${kind}.${name}`) ? t(`${kind}.${name}`) : otherwise(name));
  const asIs = (name) => name;
  return {
    language,
    t,
    has,
    kpi: (name) => named("kpi", name, humanised),
    family: (name) => named("family", name, humanised),
    dimension: (name) => named("dimension", name, (one) => one.replaceAll("_", " ")),
    segment: (name) => named("segment", name, asIs),
    step: (step) => step.split(" -> ").map((one) => one.replaceAll("_", " ")).join(" → "),
    window: (name) => named("window", name, (one) => windowText(one, language)),
  };
}

/** `net_revenue_b2b` or `ConversionRateLow` as a reader writes it. */
export function humanised(name) {
  const words = name.replaceAll("_", " ").replace(/([a-z0-9])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`).trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const UNITS = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

function windowText(name, language) {
  const [, n, letter] = /^(\d+)([smhdw])$/.exec(name) ?? [];
  if (!letter) return name;
  return new Intl.NumberFormat(language, { style: "unit", unit: UNITS[letter], unitDisplay: letter === "h" ? "narrow" : "short" })
    .format(Number(n))
    .replace(/(\d)([a-z])/, "$1 $2");
}

/** The remembered language, else the first of the browser's that we have, else English. */
export function chosenLanguage(remembered, wanted) {
  const known = (tag) => Object.hasOwn(LANGUAGES, tag);
  if (remembered && known(remembered)) return remembered;
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(known) ?? "en";
}
