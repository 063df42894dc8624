// What can be told about files where the app would guess, or cannot know.

import { h } from "./dom.js";
import { muted } from "./parts.js";

const CHOICES = [
  ["delimiter", "Separated by", "detected", "comma semicolon tab pipe space"],
  ["header_line", "Line of the header", "detected", "1 2 3 4 none"],
  ["decimal", "Decimal sign", "as the dataset has it, or a point", "point comma"],
  ["thousands", "Thousands sign", "as the dataset has it, or none", "comma point space apostrophe"],
];
const TEXTS = [
  ["encoding", "Encoding", "detected", "such as cp1252"],
  ["key", "Key of a new table", "none: rows append", "columns, with commas between them"],
];

/** The form's part, and a function that reads it: `{delimiter: "comma", …}`, without what is left to the app. */
export function options(onchange) {
  const fields = {};
  const field = (name, label, input, hint) => {
    fields[name] = input;
    return h("div.field", h("label", { for: input.id }, label), input, hint && h("p.muted", { id: `${input.id}-hint` }, hint));
  };
  const choice = ([name, label, otherwise, words]) =>
    field(name, label, h("select", { id: `told-${name}` }, h("option", { value: "" }, otherwise),
      words.split(" ").map((word) => h("option", word))));
  const text = ([name, label, placeholder, hint]) =>
    field(name, label, h("input", { id: `told-${name}`, placeholder, autocomplete: "off", spellcheck: "false",
      "aria-describedby": `told-${name}-hint` }), hint);
  const element = h("details", { onchange }, h("summary", "Reading options"),
    muted("The app finds out how a file is written. Where the preview shows that it is wrong, tell it:"),
    h("div.grid", CHOICES.map(choice), TEXTS.map(text)));
  const read = () => Object.fromEntries(Object.keys(fields).map((name) => [name, fields[name].value.trim()])
    .filter(([, told]) => told));
  return { element, read };
}
