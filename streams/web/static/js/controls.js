// The controls of the header: windows, search, language, theme, and how the connection is.

import { byId, h, setAttribute, setText } from "./dom.js";
import { remember } from "./memory.js";
import { LANGUAGE_NAMES } from "./texts.js";

const THEMES = ["auto", "light", "dark"];

export class Controls {
  #page;

  constructor(page) {
    this.#page = page;
    const { say } = page;
    for (const node of document.querySelectorAll("[data-t]")) setText(node, say.t(node.dataset.t));
    for (const node of document.querySelectorAll("[data-label]")) setAttribute(node, "aria-label", say.t(node.dataset.label));
    document.documentElement.lang = say.language;
    byId("search").placeholder = `${say.t("page.search.hint")}  /`;
    this.#options("language", Object.entries(LANGUAGE_NAMES), say.language, (one) => page.speak(one));
    this.#options("theme", THEMES.map((one) => [one, say.t(`page.theme.${one}`)]), page.theme, (one) => page.paint(one));
    this.#windows();
  }

  /** Window, of the view that is shown now. */
  draw() {
    for (const input of document.querySelectorAll("#windows input")) input.checked = input.value === this.#page.view.window;
    document.querySelector("#windows label:has(:checked)")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** `state`: connecting, live or lost; `ageS`: of the figures. */
  link(state, ageS) {
    const { say, format } = this.#page;
    const node = byId("link");
    setAttribute(node, "data-state", state);
    setText(node.lastElementChild, say.t(`link.${state}`, { age: format.age(ageS) }));
  }

  #options(id, pairs, chosen, pick) {
    const select = byId(id);
    select.replaceChildren(...pairs.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
    select.onchange = () => pick(select.value);
  }

  #windows() {
    const { catalogue, say, view } = this.#page;
    const choices = catalogue.used.map((window) =>
      h("label", {},
        h("input", { type: "radio", name: "window", value: window, checked: window === view.window, onchange: () => this.#page.go({ window, kpi: this.#kept(window) }) }),
        h("span", {}, say.window(window))));
    byId("windows").replaceChildren(h("legend", { class: "unseen" }, say.t("page.windows")), ...choices);
  }

  /** The KPI that is open stays open if it has the window. */
  #kept(window) {
    const kpi = this.#page.kpiOf(this.#page.view.kpi);
    return kpi?.windows.includes(window) ? kpi.name : null;
  }
}

/** Auto follows the system; the choice is remembered. */
export function paint(theme) {
  document.documentElement.dataset.theme = theme;
  remember("theme", theme);
}
