// DOM elements: created from text (never from HTML), buttons, links, dialogs, screen reader announcements.

const isPresent = (child) => child !== null && child !== undefined && child !== false;

/**
 * An HTML element: `h("p.muted", { hidden: true }, "text", children)`. Attributes that begin with `on` are event
 * listeners. Null, undefined and false are ignored.
 */
export const h = (name, ...content) => createElement("http://www.w3.org/1999/xhtml", name, content);
export const svg = (name, ...content) => createElement("http://www.w3.org/2000/svg", name, content);

function createElement(namespace, name, content) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS(namespace, tag);
  element.classList.add(...classes.filter(Boolean));
  const attributes = content[0]?.constructor === Object ? content.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (isPresent(value)) element.setAttribute(key, value === true ? "" : value);
  }
  setContent(element, content);
  return element;
}

/** Replace the children of an element. */
export const setContent = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter(isPresent));

/** A button; `style` is `primary`, `danger`, `quiet` or empty. */
export const button = (label, onclick, style = "") => h(`button.${style}`, { type: "button", onclick }, label);

/** A link to a page of the console: `link("View", "ingestions", id, { dataset })`. */
export const link = (label, ...path) => h("a", { href: hashUrl(...path) }, label);

/** The hash of a page: `hashUrl("ingestions", { dataset: "sales" })` is `#/ingestions?dataset=sales`. */
export function hashUrl(...path) {
  const query = typeof path.at(-1) === "object" ? path.pop() : {};
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `#/${path.map(encodeURIComponent).join("/")}${parameters.size ? `?${parameters}` : ""}`;
}

/** Announce a change of the page to screen readers. */
export function announce(text) {
  const live = document.getElementById("live");
  live.append(h("p", text));
  if (live.childElementCount > 5) live.firstElementChild.remove();
}

/**
 * Ask for confirmation in a modal dialog, whose first field or button gets the focus. Resolves to whether
 * `confirmButton` was pressed; `signal` cancels.
 */
export function dialog(title, content, confirmButton, signal) {
  return new Promise((resolve) => {
    const onclose = () => {
      box.remove();
      resolve(box.returnValue === "yes");
    };
    confirmButton.value = "yes";
    const box = h("dialog", { "aria-label": title, onclose },
      h("form.stack", { method: "dialog" }, h("h2", title), content,
        h("div.actions.end", button("Cancel", () => box.close()), confirmButton)));
    document.body.append(box);
    box.showModal();
    signal?.addEventListener("abort", () => box.close());
  });
}
