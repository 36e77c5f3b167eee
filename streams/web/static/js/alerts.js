// The alerts: firing ones with what is wrong, since when and why; then the history.

import { searchOf } from "./address.js";
import { explained, fits } from "./explanation.js";
import { h, setAttribute } from "./dom.js";
import { episodes } from "./shape.js";
import { humanised } from "./texts.js";

const SHOWN = 30;

export class Alerts {
  #page;
  #title = h("h2", { id: "alerts-title" });
  #firing = h("ul", { class: "firing", role: "list" });
  #history = h("ul", { class: "past", role: "list" });
  #fold;

  constructor(node, page) {
    this.#page = page;
    this.node = node;
    const wide = matchMedia("(min-width: 1200px)").matches;
    this.#fold = h("details", { class: "history", open: wide }, h("summary", {}, page.say.t("alerts.history")), this.#history);
    node.replaceChildren(this.#title, this.#firing, this.#fold);
  }

  draw() {
    const { say, format, alerts } = this.#page;
    const n = alerts.firing.length;
    this.#title.textContent = n ? say.t("alerts.firing", { n, count: format.count(n) }) : say.t("alerts.none");
    setAttribute(this.node, "data-firing", n ? "" : null);
    const focused = document.activeElement?.closest?.("[data-fingerprint]")?.dataset.fingerprint;
    this.#firing.replaceChildren(...alerts.firing.map((alert) => this.#card(alert)));
    if (focused) this.#firing.querySelector(`[data-fingerprint="${CSS.escape(focused)}"] a`)?.focus();
    const past = episodes(alerts.history).filter((one) => one.to !== null).toReversed().slice(0, SHOWN);
    this.#history.replaceChildren(...(past.length ? past.map((one) => this.#past(one)) : [h("li", { class: "none" }, say.t("alerts.history.none"))]));
  }

  /** Ages go on without news. */
  tick() {
    for (const node of this.#firing.querySelectorAll(".since")) node.textContent = this.#since(Number(node.dataset.from));
  }

  #card(alert) {
    const { say } = this.#page;
    const kpi = this.#page.kpiOf(alert.kpi);
    const from = Date.parse(alert.starts_at) / 1000;
    const lines = fits(alert) ? explained(alert.explanation, kpi, say, this.#page.format) : [];
    return h("li", { class: "alert", "data-level": alert.level, "data-fingerprint": alert.fingerprint },
      h("p", { class: "alert-top" }, h("span", { class: "badge", "data-level": alert.level }, levelText(say, alert.level)),
        h("span", { class: "since", "data-from": from }, this.#since(from))),
      h("h3", {}, humanised(alert.rule)),
      h("p", { class: "alert-where" }, this.#link(alert), ` · ${this.#where(alert)}`),
      h("p", { class: "alert-figure" }, this.#figure(alert, kpi)),
      alert.annotations.summary ? h("p", { class: "alert-summary" }, alert.annotations.summary) : null,
      lines.length ? h("ul", { class: "why" }, lines.map((line) => h("li", {}, line))) : null,
      alert.stale ? h("p", { class: "alert-stale" }, say.t("alerts.stale")) : null,
      this.#runbook(alert));
  }

  #link(alert) {
    const slice = alert.dimension === "all" ? {} : { dimension: alert.dimension, segment: alert.segment };
    return h("a", { href: searchOf({ kpi: alert.kpi, window: alert.window, ...slice }) }, this.#page.say.kpi(alert.kpi));
  }

  #where(alert) {
    const { say } = this.#page;
    const slice = alert.dimension === "all" ? "" : ` · ${say.dimension(alert.dimension)} ${say.segment(alert.segment)}`;
    return say.window(alert.window) + slice;
  }

  #figure({ value, threshold }, kpi) {
    const { say, format } = this.#page;
    if (value === null) return say.t("alerts.nodata");
    const shown = (one) => (kpi ? format.value(kpi, one) : String(one));
    if (threshold === null) return shown(value);
    return say.t(value < threshold ? "alerts.below" : "alerts.above", { value: shown(value), threshold: shown(threshold) });
  }

  #since(from) {
    const { say, format } = this.#page;
    // event time on both sides: what is not read yet cannot have lasted
    const age = format.age(this.#page.eventNowS() - from);
    return say.t("alerts.since", { at: format.time(from, this.#page.nowS()), age });
  }

  /** A runbook is a link where it is an address of the web, else the name of a file. */
  #runbook({ runbook }) {
    if (!runbook) return null;
    const { t } = this.#page.say;
    const safe = /^https?:\/\//i.test(runbook);
    const what = safe ? h("a", { href: runbook, rel: "noreferrer noopener", target: "_blank" }, t("alerts.runbook")) : [`${t("alerts.runbook")}: `, h("code", {}, runbook)];
    return h("p", { class: "alert-runbook" }, what);
  }

  #past({ from, to, level, alert }) {
    const { say, format } = this.#page;
    const now = this.#page.nowS();
    const when = say.t("alerts.resolved", { from: format.time(from, now), to: format.time(to, from), age: format.age(to - from) });
    return h("li", { "data-level": level },
      h("span", { class: "mark", "aria-hidden": "true" }),
      h("span", { class: "past-rule" }, humanised(alert.rule)),
      h("span", { class: "past-level" }, levelText(say, level)),
      h("span", { class: "past-where" }, this.#link(alert), ` · ${this.#where(alert)}`),
      h("span", { class: "past-when" }, when));
  }
}

export function levelText(say, level) {
  return say.has(`alerts.level.${level}`) ? say.t(`alerts.level.${level}`) : level;
}
