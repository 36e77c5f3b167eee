// The points of the chart as a table: for screen readers, and for who wants the figures.

import { h } from "./dom.js";
import { columns } from "./shape.js";

const ROWS = 60; // the newest; a table of a thousand rows helps nobody

export class FigureTable {
  #page;
  #kpi;
  #body = h("tbody");
  #head = h("tr");
  #series = null;
  #drawn = null;

  constructor(page, kpi) {
    this.#page = page;
    this.#kpi = kpi;
    const { t } = page.say;
    const table = h("table", {}, h("caption", { class: "unseen" }, page.say.kpi(kpi.name)), h("thead", {}, this.#head), this.#body);
    this.node = h(
      "details",
      { class: "figures", ontoggle: () => this.#fill() },
      h("summary", {}, t("chart.table")),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("chart.table") }, table),
    );
  }

  draw(series) {
    this.#series = series;
    if (this.node.open) this.#fill();
  }

  #fill() {
    if (!this.node.open || this.#drawn === this.#series || !this.#series) return;
    this.#drawn = this.#series;
    const { say, format } = this.#page;
    const [starts, ...all] = columns(this.#series);
    const names = ["value", "low", "high", "week", "target", "expected"];
    const used = names.map((name, index) => ({ name, column: all[index] })).filter(({ column }) => column.some((one) => one !== null));
    this.#head.replaceChildren(...["time", ...used.map((one) => one.name)].map((name) => h("th", { scope: "col" }, say.t(`chart.${name}`))));
    const shown = (value) => (value === null ? "–" : format.value(this.#kpi, value));
    const newest = starts.map((start, index) => ({ start, index })).slice(-ROWS).toReversed();
    this.#body.replaceChildren(...newest.map(({ start, index }) =>
      h("tr", {}, h("th", { scope: "row" }, this.#page.windowText(start)), used.map(({ column }) => h("td", {}, shown(column[index]))))));
  }
}
