// The segments of a KPI by a dimension: what each is, was, and did to the change of the total.

import { searchOf } from "./address.js";
import { mood } from "./change.js";
import { h, setAttribute } from "./dom.js";
import { number } from "./format.js";
import { Sparkline } from "./sparkline.js";

const COLUMNS = [
  { name: "segment", of: (row) => row.segment },
  { name: "now", of: nowOf },
  { name: "was", of: (row) => number(row.before) },
  { name: "change", of: (row) => number(row.change) },
  { name: "rate", of: (row) => number(row.rate), split: true },
  { name: "mix", of: (row) => number(row.mix), split: true },
];

/** What a segment is now; the rest of the total has no record of its own. */
function nowOf(row) {
  return number(row.last?.value ?? row.after);
}

/** Rows in the order of a column; null goes last whichever way. Changes are ordered by their size. */
export function sorted(rows, column, descending) {
  const { of } = COLUMNS.find((one) => one.name === column);
  const size = (row) => (typeof of(row) === "number" && !["now", "was"].includes(column) ? Math.abs(of(row)) : of(row));
  const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b) * (descending ? -1 : 1);
  return rows.toSorted((x, y) => {
    const [a, b] = [size(x), size(y)];
    return a === null || b === null ? (a === null) - (b === null) : order(a, b);
  });
}

export class Segments {
  #page;
  #kpi;
  #sort = { column: "change", descending: true };
  #shown = null;
  #head = h("tr");
  #body = h("tbody");
  #title = h("h3", { id: "segments-title" });
  #total = h("p", { class: "segments-total" });
  #note = h("p", { class: "segments-note" });
  #table;

  constructor(page, kpi) {
    this.#page = page;
    this.#kpi = kpi;
    this.#table = h("table", { class: "segments-table", "aria-labelledby": "segments-title" }, h("thead", {}, this.#head), this.#body);
    const against = h("select", { id: "against", onchange: (event) => page.go({ against: event.target.value }) },
      ["before", "week"].map((name) => h("option", { value: name, selected: name === (page.view.against ?? "before") }, page.say.t(`segments.${name}`))));
    const choice = h("label", { class: "choice" }, page.say.t("segments.against"), " ", against);
    const top = h("div", { class: "segments-top" }, this.#title, this.#total, choice);
    this.node = h("section", { class: "segments", "aria-labelledby": "segments-title" }, top, this.#table, this.#note);
  }

  /** `found`: as /api/v1/segments has it. */
  draw(found, dimension) {
    const { say, format } = this.#page;
    this.#shown = found;
    this.#title.textContent = say.t("segments.title", { dimension: say.dimension(dimension) });
    const change = number(found.total?.change);
    this.#total.textContent = change === null ? "" : say.t("segments.total", { change: this.#signed(change) });
    const split = found.segments.some((row) => row.rate !== null);
    this.#note.textContent = found.segments.length === 0 ? say.t("segments.none") : say.t(split ? "segments.note" : "segments.note.sum");
    this.#table.hidden = found.segments.length === 0;
    this.#drawHead(split);
    this.#drawRows(split, dimension, format);
  }

  #drawHead(split) {
    const { t } = this.#page.say;
    const heads = COLUMNS.filter((one) => split || !one.split).map(({ name }) => {
      const sort = name === this.#sort.column ? (this.#sort.descending ? "descending" : "ascending") : null;
      const button = h("button", { type: "button", class: "sort", onclick: () => this.#sortBy(name) }, t(`segments.${name}`));
      return h("th", { scope: "col", class: `col-${name}`, "aria-sort": sort }, button);
    });
    const focused = [...this.#head.children].findIndex((one) => one.contains(document.activeElement));
    this.#head.replaceChildren(...heads, h("th", { scope: "col", class: "col-trend" }, t("segments.trend")));
    if (focused >= 0) this.#head.children[focused]?.firstChild.focus();
  }

  #sortBy(column) {
    const again = this.#sort.column === column;
    this.#sort = { column, descending: again ? !this.#sort.descending : column !== "segment" };
    this.draw(this.#shown, this.#page.dimension());
  }

  #drawRows(split, dimension) {
    const rows = sorted(this.#shown.segments, this.#sort.column, this.#sort.descending);
    const most = Math.max(1e-12, ...rows.map((row) => Math.abs(number(row.change) ?? 0)));
    const focused = document.activeElement?.closest?.(".segments-table a")?.dataset.segment;
    this.#body.replaceChildren(...rows.map((row) => this.#row(row, split, dimension, most)));
    if (focused !== undefined) [...this.#body.querySelectorAll("a")].find((one) => one.dataset.segment === focused)?.focus();
  }

  #row(row, split, dimension, most) {
    const { say, format, view } = this.#page;
    const shown = (value) => (value === null ? "–" : format.value(this.#kpi, value));
    const signed = (value) => (value === null ? "–" : this.#signed(value));
    const spark = new Sparkline();
    spark.draw(row.line ?? [], this.#page.stepS(), this.#page.gapS());
    const chosen = view.segment === row.segment;
    const address = searchOf({ ...view, dimension, segment: chosen ? null : row.segment });
    const link = h("a", { href: address, "data-segment": row.segment, "data-stay": true, "aria-current": chosen ? "true" : null }, say.segment(row.segment));
    return h("tr", { class: chosen ? "chosen" : null },
      h("th", { scope: "row", class: "col-segment" }, link),
      h("td", { class: "col-now", "data-value": row.last?.value }, shown(nowOf(row))),
      h("td", { class: "col-was" }, shown(number(row.before))),
      h("td", { class: "col-change" }, this.#bar(number(row.change), most), h("span", {}, signed(number(row.change)))),
      split ? [h("td", { class: "col-rate" }, signed(number(row.rate))), h("td", { class: "col-mix" }, signed(number(row.mix)))] : null,
      h("td", { class: "col-trend" }, spark.node));
  }

  #bar(change, most) {
    const size = change === null ? 0 : (Math.abs(change) / most) * 50;
    const bar = h("span", { class: "contribution", "aria-hidden": "true" }, h("i", { style: `width:${size.toFixed(1)}%;${change < 0 ? "right" : "left"}:50%` }));
    setAttribute(bar, "data-mood", change ? mood(this.#kpi.good, change > 0 ? "up" : "down") : "neutral");
    return bar;
  }

  #signed(value) {
    return this.#page.format.difference(this.#kpi, value, this.#page.say.t("tile.points"));
  }
}
