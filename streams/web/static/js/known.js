// What the page knows of the shop, and what each event of the stream does to it; the parts of the page draw from it.

import { alertsWith, tileWithTile, tileWithValue } from "./merge.js";

const LINE = 60; // windows of a tile's line, as the server sends them

/** The state of one window: `tiles` by KPI, `alerts` {firing, history}, `ledger`. */
export class Known {
  tiles = new Map();
  alerts = { firing: [], history: [] };
  ledger = null;
  #waiting = null; // events of the stream while all is loaded anew: they are never older

  /** All anew is being loaded: events wait. */
  begin() {
    this.#waiting = [];
  }

  /** The answers of the server, then what came meanwhile. Answers the events that waited. */
  replace(overview, alerts, ledger) {
    this.tiles = new Map(overview.tiles.map((tile) => [tile.kpi, tile]));
    this.alerts = alerts;
    this.ledger = ledger;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const [name, data] of waiting) this.#apply(name, data);
    return waiting;
  }

  /** False: it waits, nothing has changed yet. */
  take(name, data) {
    if (this.#waiting) {
      this.#waiting.push([name, data]);
      return false;
    }
    this.#apply(name, data);
    return true;
  }

  #apply(name, data) {
    if (name === "value") this.#value(data);
    else if (name === "tile") this.tiles.set(data.kpi, tileWithTile(this.tiles.get(data.kpi), data, LINE));
    else if (name === "alert") this.alerts = alertsWith(this.alerts, data);
    else if (name === "ledger") this.ledger = data;
  }

  #value(value) {
    const tile = this.tiles.get(value.kpi);
    if (tile && value.dimension === "all") this.tiles.set(value.kpi, tileWithValue(tile, value, LINE));
  }
}
