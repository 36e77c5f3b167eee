// The page: the view in the address, what is known, and the parts that draw it.

import { get } from "./api.js";
import { searchOf, settled, viewOf } from "./address.js";
import { Alerts, levelText } from "./alerts.js";
import { Controls, paint } from "./controls.js";
import { Detail } from "./detail.js";
import { byId, setText } from "./dom.js";
import { mark } from "./frame.js";
import { isTold } from "./merge.js";
import { remember, remembered } from "./memory.js";
import { Scene, withUsed } from "./scene.js";
import { sentence } from "./sentence.js";
import { Stream } from "./stream.js";
import { Strip } from "./strip.js";
import { humanised } from "./texts.js";
import { Tiles } from "./tiles.js";

const RETRY_S = 3;
const SILENCE_MS = 40_000; // the server beats every 15 s, but EventSource does not show comments

export class Page extends Scene {
  #stream = new Stream({ on: (name, data) => this.#take(name, data), fresh: () => this.reload(), link: (state) => this.#link(state) });
  #parts = {};
  #linkState = "connecting";
  #newsMs = performance.now();
  #followed = "";
  #loads = 0;
  #entering = false;

  constructor(catalogue, language, theme) {
    super(catalogue);
    this.theme = theme;
    this.view = settled(viewOf(location.search), this.catalogue, remembered("window"));
    this.speak(language);
  }

  /** All in another language. */
  speak(language) {
    remember("language", language);
    this.translate(language);
    this.#build();
  }

  paint(theme) {
    this.theme = theme;
    paint(theme);
    this.repaint();
  }

  repaint() { this.#parts.detail?.repaint(); }

  /** Change the view, as a step that the back button takes back. */
  go(change) {
    const next = settled({ ...this.view, ...change }, this.catalogue, this.view.window);
    if (searchOf(next) !== searchOf(this.view)) history.pushState(null, "", searchOf(next));
    this.#show(next);
  }

  /** The view of the address: at the start, and back and forth. */
  arrive() { this.#show(settled(viewOf(location.search), this.catalogue, this.view.window)); }

  close() {
    const { kpi } = this.view;
    this.go({ kpi: null });
    this.#parts.tiles.focus(kpi);
  }

  find(text) { this.#parts.tiles.find(text); }
  focusTiles() { this.#parts.tiles.focusFirst(); }
  moveTile(tile, key) { this.#parts.tiles.move(tile, key); }

  shiftWindow(step) {
    const windows = this.kpiOf(this.view.kpi)?.windows ?? this.catalogue.used;
    const next = windows[windows.indexOf(this.view.window) + step];
    if (next) this.go({ window: next });
  }

  /** Everything anew from the server; what the stream brings meanwhile waits. */
  async reload() {
    this.#loads += 1;
    const load = this.#loads;
    this.known.begin();
    try {
      const parts = [get("kpis"), get("overview", { window: this.view.window }), get("alerts"), get("ledger")];
      const [catalogue, overview, alerts, ledger] = await Promise.all(parts);
      if (load !== this.#loads) return; // a later one is under way
      this.#define(catalogue);
      const waited = this.known.replace(overview, alerts, ledger);
      await this.#parts.detail?.load();
      for (const [name, data] of waited) if (name === "value") this.#parts.detail?.take(data);
      this.#trouble(null);
      this.#drawAll();
    } catch (error) {
      if (load !== this.#loads || error.name === "AbortError") return;
      this.#trouble(error.message);
      setTimeout(() => load === this.#loads && this.reload(), RETRY_S * 1000);
    }
  }

  follow() {
    const { window, kpi } = this.view;
    const parameters = { window, kpi, dimension: kpi ? this.dimension() : null };
    const wanted = JSON.stringify(parameters);
    if (wanted === this.#followed) return false;
    this.#followed = wanted;
    this.#stream.open(parameters);
    return true;
  }

  hurry() { this.#stream.hurry(); }

  /** Once a second while the tab is looked at. */
  tick() {
    const silentMs = performance.now() - this.#newsMs;
    if (this.#linkState !== "live") this.#parts.controls.link(this.#linkState, silentMs / 1000);
    else if (silentMs > SILENCE_MS) {
      this.#newsMs = performance.now();
      get("ledger").catch(() => this.#stream.open(JSON.parse(this.#followed)));
    }
    this.#parts.alerts.tick();
  }

  #define(catalogue) {
    const changed = JSON.stringify(catalogue.kpis) !== JSON.stringify(this.catalogue.kpis);
    if (!changed) return;
    this.catalogue = withUsed(catalogue);
    this.view = settled(this.view, this.catalogue, null);
    this.#build();
  }

  #build() {
    this.#parts.detail?.destroy();
    this.#parts = {
      controls: new Controls(this),
      strip: new Strip(byId("strip"), this),
      alerts: new Alerts(byId("alerts"), this),
      tiles: new Tiles(byId("families"), this),
      detail: this.view.kpi ? new Detail(byId("detail"), this) : null,
    };
    this.find(byId("search").value);
    this.#parts.tiles.current(this.view.kpi);
    this.#parts.controls.link(this.#linkState, 0);
    if (!this.ledger) return;
    this.#parts.detail?.load().catch(() => this.reload());
    this.#drawAll();
  }

  #show(next) {
    const was = this.view;
    this.view = next;
    remember("window", next.window);
    if (was.window !== next.window) {
      this.tiles.clear();
      this.#parts.tiles = new Tiles(byId("families"), this);
      this.find(byId("search").value);
    }
    this.#parts.controls.draw();
    if (searchOf(was) !== searchOf(next)) this.#open(was);
    if (!this.follow()) this.#parts.detail?.load().then(() => this.#enter(), () => this.reload());
  }

  #open(was) {
    this.#parts.detail?.destroy();
    this.#parts.detail = this.view.kpi ? new Detail(byId("detail"), this) : null;
    this.#parts.tiles.current(this.view.kpi);
    this.#entering = this.view.kpi !== null && was.kpi !== this.view.kpi;
    if (this.#entering) this.#enter();
  }

  /** The reader comes to the KPI that was opened. */
  #enter() {
    if (this.#entering) this.#parts.detail?.focus();
    this.#entering = false;
  }

  #take(name, data) {
    this.#newsMs = performance.now();
    const again = name === "alert" && isTold(this.alerts, data);
    if (!this.known.take(name, data)) return;
    if (name === "value") this.#parts.detail?.take(data);
    if (name === "value" || name === "tile") mark(`tile ${data.kpi}`, () => this.#parts.tiles.draw(data.kpi));
    if (name === "ledger") mark("strip", () => this.#drawStrip());
    if (name === "alert") this.#alert(data, again);
  }

  #alert(alert, again) {
    const level = levelText(this.say, alert.level);
    if (!again) this.#tell(this.say.t(`alerts.said.${alert.state}`, { level, rule: humanised(alert.rule) }));
    this.#drawTitle();
    mark("alerts", () => this.#parts.alerts.draw());
    mark(`tile ${alert.kpi}`, () => this.#parts.tiles.draw(alert.kpi));
    mark("detail", () => this.#parts.detail?.draw());
  }

  #drawAll() {
    this.#drawTitle();
    mark("all", () => {
      this.#drawStrip();
      this.#parts.alerts.draw();
      this.#parts.tiles.drawAll();
      this.#parts.detail?.draw();
    });
  }

  #drawStrip() {
    const wasBehind = byId("strip").dataset.state === "behind";
    this.#parts.strip.draw();
    const { behind, text } = sentence(this.ledger, this.say, this.format, this.nowS());
    if (behind === wasBehind) return;
    this.#tell(text);
    this.#parts.tiles.drawAll();
  }

  #drawTitle() {
    const n = this.alerts.firing.length;
    document.title = (n ? `(${n}) ` : "") + this.say.t("page.name");
  }

  #link(state) {
    if (state === this.#linkState) return;
    this.#linkState = state;
    this.#parts.controls.link(state, (performance.now() - this.#newsMs) / 1000);
  }

  #tell(text) { setText(byId("said"), text); }

  #trouble(what) {
    byId("trouble").hidden = what === null;
    setText(byId("trouble"), what === null ? "" : this.say.t("page.failed", { what, n: RETRY_S }));
  }
}
