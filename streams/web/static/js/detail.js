// One KPI in full: its figure, the big chart, the figures as a table, its segments.

import { get } from "./api.js";
import { Chart } from "./chart.js";
import { isOpen, reference } from "./change.js";
import { h, setAttribute, setText } from "./dom.js";
import { number, seconds } from "./format.js";
import { mark } from "./frame.js";
import { drawChange, drawFigure, drawGoal } from "./tile.js";
import { progress } from "./goal.js";
import { pointOf, supersedes, withPoint } from "./merge.js";
import { Segments } from "./segments.js";
import { FigureTable } from "./figure_table.js";
import { rangeChoice, segmentChoice, windowChoice } from "./slices.js";
import { episodes } from "./shape.js";

const REFRESH_MS = 4_000; // contributions and last week's line are reckoned by the server, at most so often

export class Detail {
  #page;
  #kpi;
  #series = null;
  #segments = null;
  #abort = new AbortController();
  #refresh = 0;
  #figure = h("p", { class: "detail-value" });
  #change = h("p", { class: "tile-change" });
  #facts = h("p", { class: "detail-facts" });
  #status = h("span", { class: "status" });
  #goal = h("div", { class: "goal", hidden: true });
  #slices = h("div", { class: "slices" });
  #chart;
  #table;
  #parts;
  #nothing = h("p", { class: "none", hidden: true });

  constructor(node, page) {
    this.#page = page;
    this.#kpi = page.kpiOf(page.view.kpi);
    this.node = node;
    const { say } = page;
    this.#chart = new Chart(page, this.#kpi);
    this.#table = new FigureTable(page, this.#kpi);
    this.#parts = new Segments(page, this.#kpi);
    this.#nothing.textContent = say.t("detail.nothing");
    const title = h("h2", { id: "detail-title", tabindex: "-1" }, say.kpi(this.#kpi.name));
    const close = h("button", { type: "button", class: "close", "aria-label": say.t("page.close"), title: `${say.t("page.close")} (Esc)`, onclick: () => page.close() }, "×");
    const facts = h("div", { class: "detail-now" }, this.#figure, h("div", {}, this.#change, this.#facts), this.#goal);
    node.replaceChildren(
      h("div", { class: "detail-top" }, title, this.#status, close),
      h("p", { class: "detail-help" }, this.#kpi.help, " ", h("code", {}, this.#kpi.formula)),
      facts, this.#slices, this.#nothing, this.#chart.node, this.#table.node, this.#parts.node,
    );
    node.hidden = false;
  }

  focus() {
    this.node.querySelector("#detail-title").focus({ preventScroll: true });
    this.node.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  /** Load what belongs to the view; ApiError, TypeError as api.get. */
  async load() {
    const { view } = this.#page;
    const dimension = this.#page.dimension();
    const signal = this.#abort.signal;
    const slice = { dimension: view.segment ? dimension : "all", segment: view.segment ?? "all" };
    const common = { kpi: this.#kpi.name, window: view.window };
    const [series, segments] = await Promise.all([
      get("series", { ...common, ...slice }, signal),
      dimension ? get("segments", { ...common, dimension, against: view.against ?? "before" }, signal) : null,
    ]);
    this.#series = series;
    this.#segments = segments;
    this.draw();
  }

  /** A record of the stream: of this series, or of a segment in the table. */
  take(value) {
    if (value.kpi !== this.#kpi.name || value.window !== this.#page.view.window || !this.#series) return;
    this.#later();
    const { dimension, segment } = this.#series;
    if (value.dimension !== dimension || value.segment !== segment) return;
    this.#series = {
      ...this.#series,
      line: withPoint(this.#series.line, pointOf(value)),
      last: supersedes(value, this.#series.last) ? value : this.#series.last,
    };
    mark("detail", () => this.draw());
  }

  #later() {
    this.#refresh ||= setTimeout(() => {
      this.#refresh = 0;
      if (document.hidden) this.#later();
      else this.load().catch(() => this.#page.reload());
    }, REFRESH_MS);
  }

  draw() {
    if (!this.#series || this.#abort.signal.aborted) return;
    const { say, view, alerts } = this.#page;
    const { line, last } = this.#series;
    const dimension = this.#page.dimension();
    this.#drawFigure(last);
    this.#slices.hidden = false;
    windowChoice(this.#slices, this.#page, this.#kpi);
    segmentChoice(this.#slices, this.#page, this.#kpi, this.#segments);
    this.#nothing.hidden = line.length > 0;
    this.#chart.node.hidden = this.#table.node.hidden = line.length === 0;
    const segment = view.segment ? `${say.dimension(dimension)} ${say.segment(view.segment)}` : say.t("detail.total");
    this.#chart.label(say.t("chart.label", { kpi: say.kpi(this.#kpi.name), window: say.window(view.window), segment }));
    if (line.length) this.#drawChart(alerts, last);
    this.#table.draw(this.#series);
    this.#parts.node.hidden = !this.#segments;
    if (this.#segments) this.#parts.draw(this.#segments, dimension);
  }

  #drawChart(alerts, last) {
    this.#chart.draw(this.#series, this.#spans(alerts), last !== null && isOpen(last));
    rangeChoice(this.#slices, this.#page, this.#chart, () => this.draw());
  }

  #spans({ firing, history }) {
    const { dimension, segment } = this.#series;
    const its = (alert) => alert.kpi === this.#kpi.name && alert.dimension === dimension && alert.segment === segment;
    return episodes([...firing, ...history].filter(its));
  }

  #drawFigure(last) {
    const { say, view } = this.#page;
    drawFigure(this.#figure, this.#page, this.#kpi, last);
    const tile = this.#page.tiles.get(this.#kpi.name);
    const total = !view.segment;
    const weekAgo = total && tile?.last?.start === last?.start ? tile?.week_ago : this.#weekAgo(last);
    drawChange(this.#change, this.#page, this.#kpi, last, reference(last, weekAgo, this.#series.line, this.#page.lengthS()));
    setText(this.#status, last ? say.t(`status.${last.status}`) : "");
    setAttribute(this.#status, "data-status", last?.status);
    setText(this.#facts, last ? this.#said(last) : "");
    const its = total ? progress(tile?.goal) : null;
    this.#goal.hidden = its === null;
    if (its) drawGoal(this.#goal, this.#page, this.#kpi, its);
  }

  #weekAgo(last) {
    const start = last ? seconds(last.start) : null;
    return number((this.#series.week_ago ?? []).find((point) => point[0] === start)?.[1]);
  }

  #said(last) {
    const { say, format } = this.#page;
    const words = [format.span(last.window, seconds(last.start), seconds(last.end), this.#page.nowS())];
    if (last.denominator !== null) {
      words.push(say.t("detail.of", { numerator: format.numerator(this.#kpi, last.numerator), denominator: format.count(last.denominator) }));
    }
    if (last.interval) {
      const [low, high] = last.interval.map((one) => format.value(this.#kpi, one));
      words.push(say.t("detail.interval", { low, high }));
    }
    words.push(say.t("detail.revision", { n: last.revision }));
    return words.join(" · ");
  }

  repaint() {
    this.#chart.repaint();
  }

  destroy() {
    this.#abort.abort();
    clearTimeout(this.#refresh);
    this.#chart.destroy();
    this.node.hidden = true;
    this.node.replaceChildren();
  }
}
