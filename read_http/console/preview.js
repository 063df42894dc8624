// A dry run's answer: what would become of a file, before it is sent.

import { h } from "./dom.js";
import { muted, note, value } from "./parts.js";
import { REJECTS, headings, reject, table } from "./tables.js";
import { count, format, number } from "./text.js";

/** The outlook for one file, or for each member of an archive. */
export const outlook = (found, isOpen) => found.files.map((one) =>
  h("div.outlook.stack", one.member && h("h3", one.member), verdict(one, found), muted(format(one.format).join(" · ")),
    notes(one, found).map((text) => note("", text)), sample(one, isOpen), problems(one, isOpen)));

/** Whether nothing of it would be loaded. */
export const isHopeless = (found) => found.files.every((one) => one.would_be === "refused");

function verdict({ would_be: state, error, counts: { accepted, rejected, read } }, { isWhole }) {
  const part = isWhole ? "" : " of the first 8 MB";
  if (state === "refused") return note("bad", h("b", "Would be refused: "), error.detail);
  if (!read) return note("warn", "It has no rows: nothing would be loaded.");
  if (!rejected) return note("good", `${read === 1 ? "1 row" : `All ${count(read, "row")}`}${part} would be loaded.`);
  return note("warn", `${number(accepted)} of ${count(read, "row")}${part} would be loaded, ${number(rejected)} rejected.`);
}

function notes(one, { dataset, creates, told }) {
  const key = told?.key ?? [];
  const made = `${dataset} is new: its table is made with these columns, ` + (key.length
    ? `and the key ${key.join(", ")}.` : "and without a key: rows append. A key can be told under Reading options.");
  const changed = ({ column, change, from, type }) =>
    `The table changes: ${column} is ${change}, ${from ? `from ${from} to ` : ""}${type}.`;
  return [
    ...(one.format?.doubts ?? []),
    one.ignored_columns.length > 0 && `Not loaded, since the dataset has no such column: ${one.ignored_columns.join(", ")}.`,
    ...(!creates ? one.changes.map(changed) : [one.would_be !== "refused" && made]),
  ].filter(Boolean);
}

function sample({ columns, rows }, isOpen) {
  const loaded = columns.filter(({ name }) => name);
  if (!columns.length) return null;
  if (!loaded.length) return h("p", "The file’s columns: ", columns.map(({ header }) => header).join(", "), ".");
  const first = rows.length ? `first ${count(rows.length, "row")}` : "no row";
  return h("details", { open: isOpen }, h("summary", `${count(loaded.length, "column")}, ${first}`),
    table("First rows", headings(loaded), rows.map((row) => loaded.map(({ name }) => value(row[name])))));
}

function problems({ rejects, counts }, isOpen) {
  if (!rejects.length) return null;
  const part = rejects.length < counts.rejected ? `First ${rejects.length} of ` : "";
  return h("details", { open: isOpen }, h("summary", `${part}${count(counts.rejected, "rejected row")}`),
    table("Rejected rows", REJECTS, rejects.map(reject)));
}
