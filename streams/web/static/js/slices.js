// Which part of a KPI is shown: its window, the dimension it is split by, one segment or the total.

import { h } from "./dom.js";

/** Windows of the KPI as buttons; made once, then only the pressed one changes. */
export function windowChoice(node, page, kpi) {
  const group = node.querySelector(".slice-windows") ?? added(node, "slice-windows", page.say.t("page.windows"));
  choose(group, kpi.windows, page.view.window, (one) => page.say.window(one), (window) => page.go({ window }));
}

/** Dimensions as buttons, then the segments of the chosen one as a list. */
export function segmentChoice(node, page, kpi, segments) {
  if (kpi.by.length === 0) return;
  const { say, view } = page;
  const group = node.querySelector(".slice-dimensions") ?? added(node, "slice-dimensions", say.t("detail.dimension"));
  choose(group, kpi.by, page.dimension(), (one) => say.dimension(one), (dimension) => page.go({ dimension, segment: null }));
  const select = node.querySelector("select") ?? addedSelect(node, page);
  const names = (segments?.segments ?? []).map((row) => row.segment);
  if (view.segment && !names.includes(view.segment)) names.push(view.segment);
  const wanted = names.toSorted().join("\n");
  if (select.dataset.names !== wanted) {
    select.dataset.names = wanted;
    select.replaceChildren(h("option", { value: "" }, say.t("detail.total")), ...names.toSorted().map((name) => h("option", { value: name }, say.segment(name))));
  }
  select.value = view.segment ?? "";
}

/** Recent windows or all of them, where there are more than the chart shows at first. */
export function rangeChoice(node, page, chart, redraw) {
  const group = node.querySelector(".slice-range") ?? added(node, "slice-range", page.say.t("chart.range"));
  group.hidden = !chart.longer;
  const pick = (name) => {
    chart.whole = name === "all";
    redraw();
  };
  choose(group, ["recent", "all"], chart.whole ? "all" : "recent", (one) => page.say.t(`chart.${one}`), pick);
}

function added(node, name, label) {
  const group = h("div", { class: `slice ${name}`, role: "group", "aria-label": label }, h("span", { class: "slice-label" }, label));
  node.append(group);
  return group;
}

function addedSelect(node, page) {
  const select = h("select", { onchange: (event) => page.go({ dimension: page.dimension(), segment: event.target.value || null }) });
  node.append(h("label", { class: "slice choice" }, h("span", { class: "slice-label" }, page.say.t("detail.segment")), select));
  return select;
}

function choose(group, names, chosen, text, pick) {
  if (group.querySelectorAll("button").length === 0) {
    group.append(...names.map((name) => h("button", { type: "button", "data-name": name, onclick: () => pick(name) }, text(name))));
  }
  for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.name === chosen));
}
