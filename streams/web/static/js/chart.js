// The big chart: uPlot with the value, its interval, last week, target, alerts; the keyboard reads its points.

import { byId, h, setText } from "./dom.js";
import { columns, since, yRange } from "./shape.js";

const HEIGHT = 300;
const FONT = '12px system-ui, "Segoe UI", Roboto, Inter, sans-serif';
const VALUE = 1;
const RECENT = 288; // windows that are shown at first: a day of hours by 5 minutes
const LEGEND = [
  { name: "value", index: 1 },
  { name: "interval", index: 2 },
  { name: "week", index: 4 },
  { name: "target", index: 5 },
  { name: "expected", index: 6 },
];

export class Chart {
  whole = false; // all windows, or the recent ones
  longer = false; // there are more than the recent ones
  #page;
  #kpi;
  #plot = null;
  #data = [[], [], [], [], [], [], []];
  #spans = [];
  #open = false;
  #size;
  #box = h("div", { class: "chart-box", tabindex: "0", role: "group" });
  #time = h("span", { class: "legend-time" });
  #legend = h("p", { class: "legend" });
  #said = h("p", { class: "unseen", "aria-live": "polite" });

  constructor(page, kpi) {
    this.#page = page;
    this.#kpi = kpi;
    this.node = h("div", { class: "chart" }, this.#legend, this.#box, this.#said);
    this.#box.title = page.say.t("chart.zoom");
    this.#box.addEventListener("keydown", (event) => this.#read(event));
    this.#size = new ResizeObserver(() => this.#plot?.setSize({ width: this.#width(), height: HEIGHT }));
    this.#size.observe(this.node);
  }

  label(text) {
    this.#box.setAttribute("aria-label", text);
  }

  /** `spans`: as shape.episodes; `open`: the last point is of a window that has not ended. */
  draw(series, spans, open) {
    const stepS = this.#page.stepS();
    const all = columns(series, this.#page.drawnAtS(), this.#page.gapS());
    const last = all[0].at(-1);
    this.longer = stepS !== null && last - all[0][0] > RECENT * stepS;
    this.#data = this.longer && !this.whole ? since(all, last - RECENT * stepS) : all;
    this.#spans = spans;
    this.#open = open;
    if (this.#plot) this.#plot.setData(this.#data);
    else this.#plot = new uPlot(this.#options(colours(), this.#width()), this.#data, this.#box);
    this.#drawLegend(this.#plot.cursor.idx ?? null);
  }

  /** Colours are drawn: another theme needs another drawing. */
  repaint() {
    if (!this.#plot) return;
    this.#plot.destroy();
    this.#plot = new uPlot(this.#options(colours(), this.#width()), this.#data, this.#box);
  }

  destroy() {
    this.#size.disconnect();
    this.#plot?.destroy();
  }

  #width() {
    return Math.max(240, this.node.clientWidth);
  }

  #options(colour, width) {
    const { timezone } = this.#page.format;
    const thin = { points: { show: false }, spanGaps: false };
    const edge = { ...thin, stroke: "transparent", width: 0 };
    return {
      width,
      height: HEIGHT,
      tzDate: (atS) => uPlot.tzDate(new Date(atS * 1000), timezone),
      legend: { show: false },
      padding: [10, 8, 0, 0],
      cursor: { y: false, points: { size: 7, width: 2, stroke: colour.card, fill: colour.accent }, drag: { x: true, y: false } },
      scales: { x: { time: true }, y: { range: () => yRange(this.#data) } },
      bands: [{ series: [3, 2], fill: colour.band }],
      series: [
        {},
        { ...thin, stroke: colour.accent, width: 2 },
        edge,
        edge,
        { ...thin, stroke: colour.muted, width: 1.25, dash: [4, 4] },
        { ...thin, stroke: colour.goal, width: 1.5 },
        { ...thin, stroke: colour.goal, width: 1.25, dash: [2, 4] },
      ],
      axes: this.#axes(colour),
      hooks: {
        drawClear: [(plot) => this.#paintAlerts(plot, colour)],
        draw: [(plot) => this.#paintOpen(plot, colour)],
        setCursor: [(plot) => this.#drawLegend(plot.cursor.idx ?? null)],
      },
    };
  }

  #axes(colour) {
    const grid = { stroke: colour.line, width: 1 };
    const bare = { stroke: colour.muted, font: FONT, grid, ticks: { show: false } };
    const { format } = this.#page;
    const day = (atS) => format.day(atS);
    return [
      {
        ...bare,
        grid: { show: false },
        size: 30,
        space: 70,
        values: (_, splits, axis, space, step) =>
          splits.map((at, index) => (step >= 86400 || (index > 0 && day(at) !== day(splits[index - 1])) ? day(at) : format.time(at, at))),
      },
      { ...bare, size: 64, space: 44, values: (_, splits) => splits.map((value) => format.short(this.#kpi, value)) },
    ];
  }

  #paintAlerts(plot, colour) {
    const { left, top, width, height } = plot.bbox;
    for (const { from, to, level } of this.#spans) {
      const x = Math.max(left, plot.valToPos(from, "x", true));
      const end = Math.min(left + width, to === null ? left + width : plot.valToPos(to, "x", true));
      if (end <= left || x >= left + width) continue;
      plot.ctx.fillStyle = level === "critical" ? colour.critical : colour.warning;
      plot.ctx.globalAlpha = 0.14;
      plot.ctx.fillRect(x, top, Math.max(2, end - x), height);
      plot.ctx.globalAlpha = 1;
      plot.ctx.fillRect(x, top, Math.max(2, end - x), 3 * devicePixelRatio);
    }
  }

  /** The last point of an open window is a ring: it still moves. */
  #paintOpen(plot, colour) {
    const index = this.#data[VALUE].findLastIndex((value) => value !== null);
    if (index < 0 || !this.#open) return;
    const at = [plot.valToPos(this.#data[0][index], "x", true), plot.valToPos(this.#data[VALUE][index], "y", true)];
    plot.ctx.setLineDash([]);
    plot.ctx.beginPath();
    plot.ctx.arc(...at, 4 * devicePixelRatio, 0, 2 * Math.PI);
    plot.ctx.fillStyle = colour.card;
    plot.ctx.fill();
    plot.ctx.lineWidth = 2 * devicePixelRatio;
    plot.ctx.strokeStyle = colour.accent;
    plot.ctx.stroke();
  }

  #read(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    const plot = this.#plot;
    if (step === undefined || !plot || this.#data[0].length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.#data[0].length - 1;
    const next = Math.min(last, Math.max(0, (plot.cursor.idx ?? last + (step < 0 ? 1 : 0)) + step));
    plot.setCursor({ left: plot.valToPos(this.#data[0][next], "x"), top: 10 });
    this.#drawLegend(next);
    setText(this.#said, this.#legend.textContent);
  }

  /** The figures at the cursor, without one those of the last point. */
  #drawLegend(cursor) {
    const at = cursor ?? this.#data[VALUE].findLastIndex((value) => value !== null);
    const start = this.#data[0][at];
    setText(this.#time, start === undefined ? "" : this.#page.windowText(start - this.#page.drawnAtS()));
    this.#legend.replaceChildren(this.#time, ...LEGEND.map((one) => this.#entry(one, at)).filter(Boolean));
  }

  #entry({ name, index }, at) {
    if (!this.#data[index].some((value) => value !== null)) return null;
    const { say, format } = this.#page;
    const shown = (column) => (this.#data[column][at] ?? null) === null ? "–" : format.value(this.#kpi, this.#data[column][at]);
    const text = name === "interval" ? `${shown(2)} – ${shown(3)}` : shown(index);
    return h("span", { class: `key key-${name}` }, h("i", { "aria-hidden": "true" }), `${say.t(`chart.${name}`)} `, h("b", {}, text), " ");
  }
}

/** The colours of the theme, resolved: a canvas knows no custom properties. */
function colours() {
  const probe = byId("probe");
  const of = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["accent", "band", "muted", "line", "goal", "critical", "warning", "card"];
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}
