// What can be told about files where the app would guess, or cannot know.

import { h } from "./dom.js";

const CHOICES = {
  delimiter: ["Separated by", [["", "detected"], ["comma", "commas"], ["semicolon", "semicolons"], ["tab", "tabs"], ["pipe", "pipes"], ["space", "spaces"]]],
  header_line: ["Header", [["", "detected"], ["1", "on line 1"], ["2", "on line 2"], ["3", "on line 3"], ["4", "on line 4"], ["none", "none"]]],
  decimal: ["Decimal sign", [["", "as the dataset has it, or a point"], ["point", "point: 1.5"], ["comma", "comma: 1,5"]]],
  thousands: ["Thousands sign", [["", "as the dataset has it, or none"], ["comma", "comma: 1,000"], ["point", "point: 1.000"], ["space", "space: 1 000"], ["apostrophe", "apostrophe: 1'000"]]],
};
const TEXTS = {
  encoding: ["Encoding", "detected", "such as cp1252"],
  key: ["Key of a new table", "none: rows append", "columns, with commas between them"],
};

/** The form's part, and a function that reads it: `{delimiter: "comma", …}`, without what is left to the app. */
export function options(changed) {
  const fields = {};
  for (const [name, [, choices]] of Object.entries(CHOICES)) {
    fields[name] = h("select", { id: `told-${name}` }, choices.map(([value, label]) => h("option", { value }, label)));
  }
  for (const [name, [, placeholder]] of Object.entries(TEXTS)) {
    fields[name] = h("input", { id: `told-${name}`, placeholder, autocomplete: "off", spellcheck: "false",
      "aria-describedby": `told-${name}-hint` });
  }
  const field = (name, label, hint) =>
    h("div", { class: "field" }, h("label", { for: `told-${name}` }, label), fields[name],
      hint && h("p", { class: "hint", id: `told-${name}-hint` }, hint));
  const element = h("details", { class: "options", onchange: changed }, h("summary", {}, "Reading options"),
    h("p", { class: "muted" }, "The app finds out how a file is written. Where the preview shows that it is wrong, tell it:"),
    h("div", { class: "grid" },
      Object.entries(CHOICES).map(([name, [label]]) => field(name, label)),
      Object.entries(TEXTS).map(([name, [label, , hint]]) => field(name, label, hint))));
  const read = () =>
    Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value.trim()]).filter(([, value]) => value));
  return { element, read };
}
