// The start: language and theme, the catalogue of KPIs, then the page and its stream.

import { ApiError, get } from "./api.js";
import { paint } from "./controls.js";
import { byId, setText } from "./dom.js";
import { listen, showKeys } from "./keys.js";
import { remembered } from "./memory.js";
import { Page } from "./page.js";
import { chosenLanguage, textsOf } from "./texts.js";

const RETRY_MS = 3_000;

const language = chosenLanguage(remembered("language"), navigator.languages);
const theme = ["light", "dark"].find((one) => one === remembered("theme")) ?? "auto";
paint(theme);

/** The catalogue, as soon as the server has one. */
async function catalogue() {
  for (;;) {
    try {
      return await get("kpis");
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      const node = byId("trouble");
      node.hidden = false;
      setText(node, textsOf(language).t("page.failed", { what: error.message, n: RETRY_MS / 1000 }));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Links of the page change the view; with a modifier they open as any link. */
function follow(page, event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || link.target || link.origin !== location.origin || link.pathname !== location.pathname || link.hash) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  page.arrive();
}

const page = new Page(await catalogue(), language, theme);
document.documentElement.dataset.ready = "";
byId("loading").remove();
page.follow();
listen(() => page);
document.addEventListener("click", (event) => follow(page, event));
addEventListener("popstate", () => page.arrive());
addEventListener("online", () => page.hurry());
document.addEventListener("visibilitychange", () => document.hidden || page.hurry());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.repaint());
byId("search").addEventListener("input", (event) => page.find(event.target.value));
byId("search").addEventListener("keydown", (event) => event.key === "Enter" && page.focusTiles());
byId("show-keys").addEventListener("click", () => showKeys(page.say));
setInterval(() => document.hidden || page.tick(), 1_000);
