// The function key: asked for when the app wants one, kept for the browser session.

import { dialog } from "./dialog.js";
import { h } from "./dom.js";

const NAME = "function-key";
let asking = null;

export const current = () => sessionStorage.getItem(NAME);

/** Ask for another key than `refused`, once for all who wait; false where nobody gives one. */
export function ask(refused) {
  if (current() !== refused) return Promise.resolve(true);
  asking ??= askNow(refused !== null).finally(() => (asking = null));
  return asking;
}

async function askNow(isWrong) {
  const input = h("input", {
    id: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false",
    pattern: "\\s*[!-~]+\\s*", title: "no spaces, and no letters but those from A to Z",
    "aria-describedby": "key-hint", "aria-invalid": isWrong && "true",
  });
  const hint = isWrong
    ? "The app does not accept this key. Check that it is whole, and that it belongs to this app."
    : "Find one in the Azure portal under Function App, App keys. It stays in this tab only.";
  const field = h("div.field", h("label", { for: "key" }, "Function key"), input,
    h(isWrong ? "p.fault" : "p.muted", { id: "key-hint" }, hint));
  const isGiven = await dialog(isWrong ? "Wrong function key" : "Function key needed", field,
    h("button.primary", "Use this key"));
  if (isGiven) sessionStorage.setItem(NAME, input.value.trim());
  return isGiven;
}
