// The function key: asked for when the app wants one, kept for the browser session.

import { button, h, show } from "./dom.js";

const NAME = "function-key";
let asking = null;

export const current = () => sessionStorage.getItem(NAME);

/** Ask for another key than `refused`, once for all who wait; false where nobody gives one. */
export function ask(refused) {
  if (current() !== refused) return Promise.resolve(true);
  asking ??= dialog(refused !== null).finally(() => (asking = null));
  return asking;
}

function dialog(isWrong) {
  return new Promise((settle) => {
    const input = h("input", {
      id: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false",
      "aria-describedby": "key-hint", "aria-invalid": isWrong ? "true" : null,
    });
    const hint = h("p", { id: "key-hint", class: isWrong ? "fault" : "hint" });
    show(hint, isWrong
      ? "The app does not accept this key. Check that it is whole, and that it belongs to this app."
      : "Find one in the Azure portal under Function App, App keys. It stays in this tab only.");
    const keep = (event) => {
      event.preventDefault();
      sessionStorage.setItem(NAME, input.value.trim());
      box.close("given");
    };
    const box = h("dialog", { "aria-labelledby": "key-title", onclose: () => {
      box.remove();
      settle(box.returnValue === "given");
    } },
    h("form", { onsubmit: keep },
      h("h2", { id: "key-title" }, isWrong ? "Wrong function key" : "Function key needed"),
      h("div", { class: "field" }, h("label", { for: "key" }, "Function key"), input, hint),
      h("div", { class: "actions end" },
        button("Cancel", () => box.close("")), h("button", { class: "primary" }, "Use this key"))));
    document.body.append(box);
    box.showModal();
  });
}
