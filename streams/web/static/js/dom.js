// Elements in one call, and changes that touch the document only where something differs.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("p", {class: "note", onclick: f}, "text", child). Null children and attributes are left out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Text that stays the same is not written again: no layout, no screen reader. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const filling = new WeakMap();

/** New children for a node, made only where `said` differs from the last time: what they say, in plain values. */
export function refill(node, said, make) {
  const wanted = JSON.stringify(said);
  if (filling.get(node) === wanted) return;
  filling.set(node, wanted);
  node.replaceChildren(...[make()].flat());
}

/** Null takes the attribute away. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Text for screen readers alone. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

export function byId(id) {
  return document.getElementById(id);
}
