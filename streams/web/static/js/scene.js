// What is shown, as the parts of the page ask for it: the view, the language, what is known, and the times of windows.

import { Format } from "./format.js";
import { Known } from "./known.js";
import { textsOf } from "./texts.js";

const MONTH_S = 28 * 86_400; // told by its name alone

/** `view`: as address.settled; `say`: texts; `format`: figures; `known`: what the server told. */
export class Scene {
  known = new Known();
  view = null;

  constructor(catalogue) {
    this.catalogue = withUsed(catalogue);
  }

  translate(language) {
    this.say = textsOf(language);
    this.format = new Format(language, this.catalogue.currency, this.catalogue.timezone);
  }

  get tiles() { return this.known.tiles; }
  get alerts() { return this.known.alerts; }
  get ledger() { return this.known.ledger; }

  kpiOf(name) { return this.catalogue.kpis.find((one) => one.name === name) ?? null; }
  firingOf(kpi) { return this.alerts.firing.filter((alert) => alert.kpi === kpi); }

  /** The dimension that the open KPI is split by. */
  dimension() { return this.view.dimension ?? this.kpiOf(this.view.kpi)?.by[0] ?? null; }

  /** The wall clock, s since 1970. */
  nowS() { return Date.now() / 1000; }

  /** Event time up to which all is read. */
  eventNowS() {
    const marks = (this.ledger?.topics ?? []).filter((one) => one.watermark).map((one) => Date.parse(one.watermark) / 1000);
    return marks.length ? Math.max(...marks) : this.nowS();
  }

  /** The window of this view that starts then, as text. */
  windowText(startS) {
    const endS = startS + (this.#window().length_s ?? MONTH_S);
    return this.format.span(this.view.window, startS, endS, this.nowS());
  }

  /** From a window's start to where it is drawn: a moving window tells of the time that it ends at. */
  drawnAtS() {
    const { length_s: length, hop_s: hop } = this.#window();
    return length && hop && hop < length && length < 86_400 ? length : 0;
  }

  /** Of the windows of this view; null of months. */
  lengthS() { return this.#window().length_s ?? null; }

  /** From one window to the next; null of months. */
  stepS() { return this.#window().hop_s ?? this.lengthS(); }

  /** Windows that start further apart have a gap between them; null of months. Those that overlap have none. */
  gapS() { return this.stepS() && Math.max(1.5 * this.stepS(), this.lengthS()); }

  #window() { return this.catalogue.windows.find((one) => one.name === this.view.window) ?? {}; }
}

/** With the windows that a KPI has, in the order of their lengths. */
export function withUsed(catalogue) {
  const used = catalogue.windows.map((one) => one.name).filter((name) => catalogue.kpis.some((kpi) => kpi.windows.includes(name)));
  return { ...catalogue, used };
}
