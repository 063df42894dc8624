// Elements: made with text as text only, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that begin with `on` are listeners, children that are null or false are left out. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

/** Replace what an element holds. */
export const show = (element, ...children) => element.replaceChildren(...present(children));

const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** A button; `kind` is `primary`, `danger`, `quiet` or nothing. */
export const button = (label, onclick, kind = "", more = {}) =>
  h("button", { type: "button", class: kind, onclick, ...more }, label);

/** A link to a view: `to("View", "ingestions", id, {dataset})`. */
export const to = (label, ...way) => h("a", { href: address(...way) }, label);

/** The address of a view. */
export function address(...way) {
  const last = way.at(-1);
  const query = typeof last === "object" ? way.pop() : {};
  const given = Object.entries(query).filter(([, value]) => value);
  const path = way.map(encodeURIComponent).join("/");
  return `#/${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

/** Tell those who do not see the page what has changed on it. */
export function announce(text) {
  const live = document.getElementById("live");
  live.append(h("p", {}, text));
  while (live.childElementCount > 5) live.firstElementChild.remove();
}
