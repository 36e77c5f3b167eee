// One tile: what a KPI is now, against last week and its goal, how sure, how complete.

import { change, reference } from "./change.js";
import { h, refill, s, setAttribute, setText } from "./dom.js";
import { number, seconds } from "./format.js";
import { goalWords, progress } from "./goal.js";
import { worst } from "./merge.js";
import { searchOf } from "./address.js";
import { Sparkline } from "./sparkline.js";

export class Tile {
  #page;
  #kpi;
  #value = h("p", { class: "tile-value" });
  #change = h("p", { class: "tile-change" });
  #spark = new Sparkline();
  #goal = h("div", { class: "goal", hidden: true });
  #span = h("span", { class: "tile-span" });
  #status = h("span", { class: "status" });
  #notes = h("span", { class: "tile-notes" });
  #alert = h("span", { class: "badge", hidden: true });
  #drawn = null;

  constructor(page, kpi) {
    this.#page = page;
    this.#kpi = kpi;
    const name = h("h3", { class: "tile-name" }, page.say.kpi(kpi.name));
    this.node = h(
      "a",
      { class: "tile", href: searchOf({ window: page.view.window, kpi: kpi.name }), "data-kpi": kpi.name, title: kpi.help },
      h("span", { class: "tile-top" }, name, this.#alert),
      this.#value,
      this.#change,
      this.#spark.node,
      this.#goal,
      h("p", { class: "tile-foot" }, this.#span, this.#status, this.#notes),
    );
  }

  /** Only what differs from the last time touches the document. */
  draw(tile, alerts) {
    const was = this.#drawn;
    this.#drawn = { tile, level: worst(alerts) };
    if (was?.tile.last !== tile.last) {
      this.#drawValue(tile.last);
      this.#drawFoot(tile.last);
    }
    if (was?.tile.last !== tile.last || was.tile.week_ago !== tile.week_ago) this.#drawChange(tile);
    if (was?.tile.goal !== tile.goal) this.#drawGoal(tile.goal);
    if (was?.level !== this.#drawn.level || !was) this.#drawAlert(this.#drawn.level);
    this.#drawNotes(tile);
    this.#spark.draw(tile.line ?? [], this.#page.stepS(), this.#page.gapS());
  }

  #drawChange({ last, week_ago: weekAgo, line }) {
    const against = reference(last, weekAgo, line ?? [], this.#page.lengthS());
    drawChange(this.#change, this.#page, this.#kpi, last, against);
  }

  #drawValue(last) {
    drawFigure(this.#value, this.#page, this.#kpi, last);
  }

  #drawFoot(last) {
    const { say, format } = this.#page;
    setText(this.#span, last ? format.span(last.window, seconds(last.start), seconds(last.end), this.#page.nowS()) : "");
    setText(this.#status, last ? say.t(`status.${last.status}`) : "");
    setAttribute(this.#status, "data-status", last?.status);
  }

  #drawGoal(goal) {
    const its = progress(goal);
    this.#goal.hidden = its === null;
    if (its) drawGoal(this.#goal, this.#page, this.#kpi, its);
  }

  #drawAlert(level) {
    this.#alert.hidden = level === null;
    setAttribute(this.#alert, "data-level", level);
    setAttribute(this.node, "data-level", level);
    if (level !== null) setText(this.#alert, alertWord(this.#page.say, level));
  }

  /** A few records are always on their way: unread ones are told of while the pipeline is behind. */
  #drawNotes({ unread: waiting, late, invalid }) {
    const { say, format, ledger } = this.#page;
    const unread = ledger?.behind ? waiting : 0;
    const notes = [];
    if (unread) notes.push(say.t("tile.unread", { n: unread, count: format.count(unread) }));
    if (late) notes.push(say.t("tile.late", { share: format.share(late) }));
    if (invalid) notes.push(say.t("tile.invalid", { share: format.share(invalid) }));
    setText(this.#notes, notes.join(" · "));
    setAttribute(this.#notes, "data-unread", unread ? "" : null);
  }
}

function alertWord(say, level) {
  return say.t(say.has(`tile.alert.${level}`) ? `tile.alert.${level}` : "tile.alert.other");
}

/** The figure of a record into a node, its unit smaller; `data-value` is the record's own value. */
export function drawFigure(node, page, kpi, last) {
  const value = number(last?.value);
  setAttribute(node, "data-value", last?.value);
  if (value === null) {
    const why = last && last.denominator !== null ? "tile.none.ratio" : "tile.none";
    refill(node, why, () => h("span", { class: "none" }, page.say.t(why)));
    return;
  }
  const parts = page.format.parts(kpi, value);
  refill(node, parts, () => parts.map((part) => (part.unit ? h("span", { class: "unit" }, part.text) : part.text)));
}

/** The change against what was: an arrow, its size, and words that say the same. `against`: see change.reference. */
export function drawChange(node, page, kpi, last, against) {
  const { say, format } = page;
  const found = change(kpi, last, against);
  setAttribute(node, "data-mood", found?.mood ?? "neutral");
  refill(node, found, () => (found === null ? [] : changeWords(found, say, format)));
}

function changeWords(found, say, format) {
  if (found.way === "partial") return [say.t(`tile.partial.${found.than}`, { share: format.share(found.share) })];
  if (found.way === "flat") return [arrow("flat"), say.t(`tile.flat.${found.than}`)];
  const size = found.points ? say.t("tile.points", { n: format.points(found.size) }) : format.share(found.size);
  return [arrow(found.way), h("b", {}, size), ` ${say.t(`tile.${found.way}.${found.than}`)}`];
}

const ARROWS = { up: "M5 1.5L9 8.5H1Z", down: "M5 8.5L1 1.5H9Z", flat: "M1 4h8v2H1Z" };

function arrow(way) {
  return s("svg", { class: "arrow", viewBox: "0 0 10 10", "aria-hidden": "true" }, s("path", { d: ARROWS[way] }));
}

/** The bar of a goal, and words that say the same. `its`: see goal.progress. */
export function drawGoal(node, page, kpi, its) {
  const words = goalWords(kpi, its, page.say, page.format).join(" · ");
  refill(node, its, () => [goalBar(its), h("p", { class: "goal-words" }, words)]);
}

function goalBar(its) {
  const done = h("span", { class: "goal-done", style: `width:${(its.done * 100).toFixed(1)}%` });
  const mark = its.mark === null ? null : h("span", { class: "goal-mark", style: `left:${(its.mark * 100).toFixed(1)}%` });
  return h("span", { class: "goal-bar", "data-behind": its.mark !== null && its.done < its.mark, "aria-hidden": "true" }, done, mark);
}
