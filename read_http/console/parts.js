// Parts that views share: problems, notes, values, facts, counts.

import { button, h, show, svg } from "./dom.js";
import { ago, moment, number } from "./text.js";

export const muted = (...text) => h("p.muted", ...text);

/** A remark; `tone` is `good`, `warn`, `bad` or nothing. */
export const note = (tone, ...text) => h(`p.note.${tone}`, ...text);

/** An error as its problem tells it; `again` tries once more. */
export function problem(error, again) {
  const faults = (error.errors ?? []).map((fault) => {
    const about = fault.file ?? fault.parameter ?? fault.column ?? fault.field;
    return h("li", about && h("strong", `${about}: `), fault.detail ?? fault.message);
  });
  return h("div.note.bad.stack", { role: "alert" }, faults.length ? h("ul", faults) : h("p", error.message),
    again && h("div.actions", button("Try again", again)));
}

/** An element with what `load` answers, drawn by `draw`; meanwhile it says so, afterwards what went wrong. */
export function loaded(load, draw) {
  const place = h("div.stack");
  const start = async () => {
    show(place, muted("Loading…"));
    try {
      show(place, draw(await load()));
    } catch (error) {
      if (error.name !== "AbortError") show(place, problem(error, start));
    }
  };
  start();
  return place;
}

/** What to do first, where there is nothing yet. */
export const empty = (title, ...text) => h("div.empty", h("h2", title), h("p", text));

/** A value of a row: missing and empty are not the same. */
export function value(found) {
  if (found == null) return h("i.muted", "null");
  if (found === "") return h("i.muted", "empty");
  const text = typeof found === "object" ? JSON.stringify(found) : String(found);
  return text.length > 40 ? h("span.long", { title: text.slice(0, 1000) }, text.slice(0, 200)) : text;
}

export const state = (name) => h(`span.state.${name}`, name);

export const time = (iso) => (iso ? h("time", { datetime: iso, title: moment(iso) }, ago(iso)) : "–");

/** Facts as a list: `[[name, value], …]`; those without a value are left out. */
export const facts = (pairs) =>
  h("dl.facts.box", pairs.filter(([, shown]) => shown?.length !== 0 && shown).map(([name, shown]) =>
    h("div", h("dt", name), h("dd", shown))));

/** The counts of an ingestion with their words; `least` leaves out what is less. */
const kinds = ({ inserted, updated, unchanged, duplicates_in_file: duplicates, rejected }, least) =>
  Object.entries({ inserted, updated, unchanged, duplicates, rejected }).filter(([, rows]) => (rows ?? 0) >= least);

/** `220 inserted, 3 rejected`. */
export const outcome = (counts) =>
  kinds(counts, 1).map(([word, rows]) => `${number(rows)} ${word}`).join(", ") || "no rows";

/** Counts as one bar; what it shows is told in words too. */
export function bar(counts) {
  let x = 0;
  const shapes = kinds(counts, 1).map(([word, rows]) => {
    const width = (100 * rows) / counts.read;
    x += width;
    return svg(`rect.fill.${word}`, { x: x - width, width, height: 10 }, svg("title", `${number(rows)} ${word}`));
  });
  const label = { role: "img", "aria-label": outcome(counts) };
  return svg("svg.bar", { viewBox: "0 0 100 10", preserveAspectRatio: "none", ...label }, shapes);
}

/** The bar, and what its colours mean, with all numbers. */
export const legend = (counts) => [
  bar(counts),
  h("ul.legend", kinds(counts, 0).map(([word, rows]) =>
    h(rows ? "li" : "li.muted", h(`span.dot.${word}`), h("b", number(rows)), ` ${word}`))),
];
