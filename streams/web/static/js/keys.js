// The keyboard: / searches, arrows go between tiles, Esc closes, [ and ] change the window, ? lists the keys.

import { byId, h } from "./dom.js";

const LIST = [
  ["/", "search"],
  ["← ↑ → ↓", "arrows"],
  ["Enter", "open"],
  ["Esc", "close"],
  ["[ ]", "window"],
  ["?", "help"],
];

/** Listen for keys; `now()` answers the page of now. */
export function listen(now) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "Escape") escape(now(), event);
    else if (!writing) press(now(), event);
  });
}

function escape(page, event) {
  if (byId("keys").open) return; // the dialog closes itself
  const search = byId("search");
  if (event.target === search) {
    search.value = "";
    page.find("");
    search.blur();
    page.focusTiles();
  } else if (page.view.kpi) page.close();
}

function press(page, event) {
  const tile = event.target.closest?.(".tile");
  if (event.key === "/") byId("search").focus();
  else if (event.key === "?") showKeys(page.say);
  else if (event.key === "[" || event.key === "]") page.shiftWindow(event.key === "]" ? 1 : -1);
  else if (tile && event.key.startsWith("Arrow")) page.moveTile(tile, event.key);
  else return;
  event.preventDefault();
}

/** The list of the keys, as a dialog. */
export function showKeys(say) {
  const dialog = byId("keys");
  const rows = LIST.flatMap(([key, name]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, say.t(`keys.${name}`))]);
  const close = h("button", { type: "button", onclick: () => dialog.close() }, say.t("page.close"));
  dialog.replaceChildren(h("h2", { id: "keys-title" }, say.t("keys.title")), h("dl", {}, rows), close);
  dialog.showModal();
}
