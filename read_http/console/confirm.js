// A question before what cannot be taken back.

import { button, h } from "./dom.js";

/** Whether the reader says yes; `text` are the paragraphs of what will happen. */
export function confirm(title, text, yes) {
  return new Promise((settle) => {
    const box = h("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text",
      onclose: () => {
        box.remove();
        settle(box.returnValue === "yes");
      } },
    h("h2", { id: "confirm-title" }, title),
    h("div", { id: "confirm-text" }, text.map((line) => h("p", {}, line))),
    h("div", { class: "actions end" },
      button("Cancel", () => box.close(""), "", { autofocus: true }),
      button(yes, () => box.close("yes"), "danger")));
    document.body.append(box);
    box.showModal();
  });
}
