// Elements: made with text as text only, never as HTML.

const isAbsent = (it) => it === null || it === undefined || it === false;
const present = (children) => children.flat(Infinity).filter((child) => !isAbsent(child));

/**
 * An element: `h("p.muted", { hidden: true }, "text", others)`. Attributes that begin with `on` are listeners; attributes
 * and children that are null, undefined or false are left out.
 */
export const h = (name, ...content) => made((tag) => document.createElement(tag), name, content);

/** An element of SVG. */
export const svg = (name, ...content) =>
  made((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag), name, content);

function made(create, name, content) {
  const [tag, ...classes] = name.split(".");
  const element = create(tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  const attributes = content[0]?.constructor === Object ? content.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (isAbsent(value)) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...present(content));
  return element;
}

/** Replace what an element holds. */
export const show = (element, ...children) => element.replaceChildren(...present(children));

/** A button; `kind` is `primary`, `danger`, `quiet` or nothing. */
export const button = (label, onclick, kind = "") => h(`button.${kind}`, { type: "button", onclick }, label);

/** A link to a view: `to("View", "ingestions", id, {dataset})`. */
export const to = (label, ...way) => h("a", { href: address(...way) }, label);

/** The address of a view. */
export function address(...way) {
  const query = typeof way.at(-1) === "object" ? way.pop() : {};
  const given = Object.entries(query).filter(([, value]) => value);
  return `#/${way.map(encodeURIComponent).join("/")}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

/** Tell those who do not see the page what has changed on it. */
export function announce(text) {
  const live = document.getElementById("live");
  live.append(h("p", text));
  if (live.childElementCount > 5) live.firstElementChild.remove();
}
