// A question that has to be answered before anything else.

import { button, h } from "./dom.js";

/** Whether it was answered by `yes`, a button; it ends with `signal`. The first field or button of it gets the focus. */
export function dialog(title, content, yes, signal) {
  return new Promise((settle) => {
    const onclose = () => {
      box.remove();
      settle(box.returnValue === "yes");
    };
    yes.value = "yes";
    const box = h("dialog", { "aria-label": title, onclose },
      h("form.stack", { method: "dialog" }, h("h2", title), content,
        h("div.actions.end", button("Cancel", () => box.close()), yes)));
    document.body.append(box);
    box.showModal();
    signal?.addEventListener("abort", () => box.close());
  });
}
