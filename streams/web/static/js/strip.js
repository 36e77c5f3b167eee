// The strip under the header: calm when the pipeline is well, a sentence when it is behind, the ledger behind a fold.

import { h, setAttribute, setText } from "./dom.js";
import { sentence, totals } from "./sentence.js";

const COLUMNS = ["received", "counted", "duplicate", "late", "bot", "invalid", "unread"];

export class Strip {
  #page;
  #text = h("p", { class: "strip-text" });
  #facts = h("p", { class: "strip-facts" });
  #body = h("tbody");
  #fold;

  constructor(node, page) {
    this.#page = page;
    this.node = node;
    const { t } = page.say;
    const heads = ["topic", ...COLUMNS, "watermark"].map((name) => h("th", { scope: "col" }, t(`ledger.${name}`)));
    const table = h("table", { class: "ledger" }, h("caption", {}, t("ledger.caption")), h("thead", {}, h("tr", {}, heads)), this.#body);
    this.#fold = h(
      "details",
      { class: "strip-fold", ontoggle: () => this.draw() },
      h("summary", {}, t("strip.ledger")),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("strip.ledger") }, table),
    );
    node.setAttribute("aria-label", t("strip.title"));
    node.replaceChildren(h("span", { class: "lamp", "aria-hidden": "true" }), this.#text, this.#facts, this.#fold);
  }

  draw() {
    const { ledger, say, format } = this.#page;
    if (!ledger) return;
    const { behind, text } = sentence(ledger, say, format, this.#page.nowS());
    const all = totals(ledger);
    setAttribute(this.node, "data-state", behind ? "behind" : "well");
    setText(this.#text, text);
    const counted = say.t("strip.counted", { n: all.counted, count: format.count(all.counted) });
    const lost = say.t("strip.lost", { late: format.count(all.late), invalid: format.count(all.invalid) });
    setText(this.#facts, `${counted} · ${lost}`);
    if (this.#fold.open) this.#drawLedger();
  }

  #drawLedger() {
    const { ledger, format } = this.#page;
    const at = (mark) => (mark === null ? "–" : format.time(Date.parse(mark) / 1000, this.#page.nowS(), true));
    const rows = ledger.topics.map((one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, one.topic),
        COLUMNS.map((name) => h("td", { class: one[name] && name === "unread" ? "warn" : null }, one[name] === null ? "–" : format.count(one[name]))),
        h("td", {}, at(one.watermark)),
      ),
    );
    this.#body.replaceChildren(...rows);
  }
}
