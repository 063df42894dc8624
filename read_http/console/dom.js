// Elements: made with text as text only, never as HTML.

const isThere = (it) => it !== null && it !== undefined && it !== false;

/**
 * An element: `h("p.muted", { hidden: true }, "text", others)`. Attributes that begin with `on` are listeners; what is
 * null, undefined or false is left out.
 */
export const h = (name, ...content) => made("http://www.w3.org/1999/xhtml", name, content);
export const svg = (name, ...content) => made("http://www.w3.org/2000/svg", name, content);

function made(space, name, content) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS(space, tag);
  element.classList.add(...classes.filter(Boolean));
  const attributes = content[0]?.constructor === Object ? content.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (isThere(value)) element.setAttribute(key, value === true ? "" : value);
  }
  show(element, content);
  return element;
}

/** Replace what an element holds. */
export const show = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter(isThere));

/** A button; `kind` is `primary`, `danger`, `quiet` or nothing. */
export const button = (label, onclick, kind = "") => h(`button.${kind}`, { type: "button", onclick }, label);

/** A link to a view: `to("View", "ingestions", id, {dataset})`. */
export const to = (label, ...way) => h("a", { href: address(...way) }, label);

export function address(...way) {
  const query = typeof way.at(-1) === "object" ? way.pop() : {};
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `#/${way.map(encodeURIComponent).join("/")}${given.size ? `?${given}` : ""}`;
}

/** Tell those who do not see the page what has changed on it. */
export function announce(text) {
  const live = document.getElementById("live");
  live.append(h("p", text));
  if (live.childElementCount > 5) live.firstElementChild.remove();
}
