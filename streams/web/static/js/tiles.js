// The tiles by family, those that the search finds, and the way between them with the arrow keys.

import { searchOf } from "./address.js";
import { h, setAttribute, setText } from "./dom.js";
import { Tile } from "./tile.js";

export class Tiles {
  #page;
  #tiles = new Map();
  #families = [];
  #elsewhere = h("p", { class: "elsewhere" });
  #nothing = h("p", { class: "nothing", role: "status" });

  constructor(node, page) {
    this.#page = page;
    this.node = node;
    const { catalogue, view, say } = page;
    const here = catalogue.kpis.filter((kpi) => kpi.windows.includes(view.window));
    for (const family of new Set(here.map((kpi) => kpi.family))) this.#addFamily(family, here.filter((kpi) => kpi.family === family));
    this.#elsewhere.append(...this.#otherWindows(say));
    node.replaceChildren(...this.#families.map((family) => family.node), this.#nothing, this.#elsewhere);
    this.find("");
  }

  #addFamily(family, kpis) {
    const id = `family-${family}`;
    const items = kpis.map((kpi) => {
      const tile = new Tile(this.#page, kpi);
      this.#tiles.set(kpi.name, tile);
      return { kpi, node: h("li", {}, tile.node) };
    });
    const title = h("h2", { id, class: "family-name" }, this.#page.say.family(family));
    const node = h("section", { class: "family", "aria-labelledby": id }, title, h("ul", { class: "tiles", role: "list" }, items.map((item) => item.node)));
    this.#families.push({ node, items });
  }

  /** Links to the windows of the KPIs that this one has not. */
  #otherWindows(say) {
    const { catalogue, view } = this.#page;
    const missing = catalogue.kpis.filter((kpi) => !kpi.windows.includes(view.window));
    const windows = catalogue.used.filter((window) => missing.some((kpi) => kpi.windows.includes(window)));
    const links = windows.map((window) => {
      const names = missing.filter((kpi) => kpi.windows.includes(window)).map((kpi) => say.kpi(kpi.name));
      return h("a", { href: searchOf({ window }), title: names.join(", ") }, `${say.window(window)} (${names.length})`);
    });
    return links.length ? [`${say.t("page.elsewhere")} `, ...links.flatMap((link, index) => (index ? [", ", link] : [link]))] : [];
  }

  draw(kpi) {
    const known = this.#page.tiles.get(kpi);
    if (known) this.#tiles.get(kpi)?.draw(known, this.#page.firingOf(kpi));
  }

  drawAll() {
    for (const kpi of this.#tiles.keys()) this.draw(kpi);
  }

  /** Show the KPIs whose name, in the page's language or as it is, has the text. */
  find(text) {
    const wanted = plain(text);
    let found = 0;
    for (const { node, items } of this.#families) {
      for (const item of items) {
        item.node.hidden = !plain(`${this.#page.say.kpi(item.kpi.name)} ${item.kpi.name} ${item.kpi.help}`).includes(wanted);
      }
      node.hidden = items.every((item) => item.node.hidden);
      found += items.filter((item) => !item.node.hidden).length;
    }
    setText(this.#nothing, found ? "" : this.#page.say.t("page.nothing", { text }));
  }

  focus(kpi) {
    this.#tiles.get(kpi)?.node.focus();
  }

  /** Mark the one that is open; null: none. */
  current(kpi) {
    for (const [name, tile] of this.#tiles) setAttribute(tile.node, "aria-current", name === kpi ? "true" : null);
  }

  /** The first that is shown. */
  focusFirst() {
    this.node.querySelector("li:not([hidden]) > .tile")?.focus();
  }

  /** From the tile that has the focus to its neighbour in the direction of the key. */
  move(from, key) {
    const shown = [...this.node.querySelectorAll(".family:not([hidden]) li:not([hidden]) > .tile")];
    const at = shown.indexOf(from);
    const side = { ArrowLeft: shown[at - 1], ArrowRight: shown[at + 1] };
    (key in side ? side[key] : nearest(from, shown, key === "ArrowDown"))?.focus();
  }
}

function plain(text) {
  return text.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("ł", "l");
}

function nearest(from, shown, down) {
  const own = from.getBoundingClientRect();
  const distance = (node) => {
    const box = node.getBoundingClientRect();
    const rows = down ? box.top - own.top : own.top - box.top;
    return rows > own.height / 2 ? rows * 4 + Math.abs(box.left - own.left) : Infinity;
  };
  const best = shown.map((node) => [distance(node), node]).sort((a, b) => a[0] - b[0])[0];
  return best && best[0] < Infinity ? best[1] : null;
}
