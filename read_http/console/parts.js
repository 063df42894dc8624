// Parts that views share: problems, tables, states, counts as a bar.

import { button, h, show, svg } from "./dom.js";
import { ago, count, moment, number } from "./text.js";

/** An error as its problem tells it; `again` tries once more. */
export function problem(error, again) {
  const faults = (error.errors ?? []).map((fault) => {
    const about = fault.file ?? fault.parameter ?? fault.column ?? fault.field;
    return h("li", {}, about && h("strong", {}, `${about}: `), fault.detail ?? fault.message ?? "");
  });
  return h("div", { class: "problem", role: "alert" },
    h("p", {}, error.message), faults.length > 0 && h("ul", {}, faults),
    again && h("div", { class: "actions" }, button("Try again", again)));
}

/** An element with what `load` answers, drawn by `draw`; meanwhile it says so, afterwards what went wrong. */
export function loaded(load, draw, place = h("div", {})) {
  show(place, h("p", { class: "muted" }, "Loading…"));
  place.setAttribute("aria-busy", "true");
  load()
    .then((found) => show(place, draw(found)))
    .catch((error) => {
      if (error.name !== "AbortError") show(place, problem(error, () => loaded(load, draw, place)));
    })
    .finally(() => place.removeAttribute("aria-busy"));
  return place;
}

/** What to do first, where there is nothing yet. */
export const empty = (title, ...text) =>
  h("div", { class: "empty" }, h("p", { class: "title" }, title), h("p", {}, text));

/** A table that scrolls by itself; `columns`: {label, class}, `rows`: cells, each text or an element. */
export function table(label, columns, rows, body = h("tbody", {})) {
  addRows(body, columns, rows);
  const head = columns.map((column) => h("th", { scope: "col", class: column.class }, column.label));
  return h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), body));
}

export function addRows(body, columns, rows) {
  body.append(...rows.map((cells) =>
    h("tr", {}, cells.map((cell, at) => h("td", { class: columns[at].class }, cell)))));
}

/** A value of a row: missing and empty are not the same. */
export function value(found) {
  if (found === null || found === undefined) return h("span", { class: "null" }, "null");
  if (found === "") return h("span", { class: "null" }, "empty");
  const text = typeof found === "object" ? JSON.stringify(found) : String(found);
  return text.length > 40 ? h("span", { class: "long", title: text.slice(0, 1000) }, text.slice(0, 200)) : text;
}

export const isNumeric = (type) => /^(bigint|int|small|numeric|decimal|double|real|float)/.test(type ?? "");

/** Columns of a table of rows, from their names and types. */
export const headings = (columns) =>
  columns.map(({ name, type, header }) => ({
    label: [h("span", { class: "name" }, name), h("span", { class: "type" }, type ?? ""),
      header && header !== name && h("span", { class: "type" }, `“${header}”`)],
    class: isNumeric(type) ? "number" : "",
  }));

export const state = (name) => h("span", { class: `state ${name}` }, name);

export const time = (iso, text = ago(iso)) =>
  iso ? h("time", { datetime: iso, title: moment(iso) }, text) : "–";

export const hash = (text) => h("code", {}, text);

/** Facts as a list: `[[name, value], …]`; those without a value are left out. */
export const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.filter(([, shown]) => shown !== null && shown !== undefined && shown !== false)
    .map(([name, shown]) => h("div", {}, h("dt", {}, name), h("dd", {}, shown))));

const KINDS = [
  ["inserted", "inserted"],
  ["updated", "updated"],
  ["unchanged", "unchanged"],
  ["duplicates_in_file", "duplicates"],
  ["rejected", "rejected"],
];

/** Counts as one bar; what it shows is told in words too. */
export function bar(counts) {
  const parts = KINDS.filter(([name]) => counts[name] > 0);
  const words = parts.map(([name, word]) => `${number(counts[name])} ${word}`).join(", ");
  const total = parts.reduce((sum, [name]) => sum + counts[name], 0);
  let at = 0;
  const shapes = parts.map(([name, word]) => {
    const width = (100 * counts[name]) / total;
    const shape = svg("rect", { x: at, y: 0, width, height: 10, class: `fill ${word}` },
      svg("title", {}, `${number(counts[name])} ${word}`));
    at += width;
    return shape;
  });
  return svg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img",
    "aria-label": words || "no rows" }, shapes);
}

/** What the colours of a bar mean, with all numbers. */
export const legend = (counts) =>
  h("ul", { class: "legend" }, KINDS.map(([name, word]) =>
    h("li", { class: counts[name] ? "" : "none" }, h("span", { class: `dot ${word}` }),
      h("strong", {}, number(counts[name])), ` ${word}`)));

/** `12 rows read` in full: what became of them. */
export const outcome = (counts) =>
  KINDS.filter(([name]) => counts[name] > 0).map(([name, word]) => `${number(counts[name])} ${word}`).join(", ") ||
  count(counts.read ?? 0, "row");

/** Rejected rows: where, what, why. */
export const REJECTS = [
  { label: "Line", class: "number" }, { label: "Column" }, { label: "Value" }, { label: "Reason", class: "wide" },
];

export const reject = ({ line, raw, errors }) => {
  const each = (draw) => errors.map((error) => h("div", {}, draw(error)));
  return [number(line), each((error) => error.column ?? "–"),
    each((error) => (error.column ? value(error.value) : value(raw))), each((error) => error.message)];
};
