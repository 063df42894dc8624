// A dry run's answer: what would become of a file, before it is sent.

import { h } from "./dom.js";
import { REJECTS, headings, reject, table, value } from "./parts.js";
import { count, format, number } from "./text.js";

/** The outlook for one file, or for each member of an archive. */
export const outlook = (found, isOpen) => found.files.map((one) => drawn(one, found, isOpen));

/** Whether nothing of it would be loaded. */
export const isHopeless = (found) => found.files.every((one) => one.would_be === "refused");

function drawn(one, found, isOpen) {
  const { accepted, rejected, read } = one.counts;
  const isRefused = one.would_be === "refused";
  const more = found.isWhole ? "" : " of the first 8 MB";
  const verdict = isRefused ? one.error.detail
    : rejected ? `${number(accepted)} of ${count(read, "row")}${more} would be loaded, ${number(rejected)} rejected.`
      : `${accepted === 1 ? "1 row" : `All ${count(accepted, "row")}`}${more} would be loaded.`;
  return h("div", { class: "outlook" },
    one.member && h("h3", {}, one.member),
    h("p", { class: `verdict ${isRefused ? "bad" : rejected ? "warn" : "good"}` },
      isRefused && h("strong", {}, "Would be refused: "), verdict),
    h("p", { class: "muted" }, format(one.format).join(" · ")),
    notes(one, found).map((note) => h("p", { class: "notice" }, note)),
    sample(one, isOpen), problems(one, isOpen));
}

function notes(one, found) {
  const key = found.told?.key ?? [];
  return [
    ...(one.format?.doubts ?? []),
    one.ignored_columns.length > 0 && `Not loaded, since the dataset has no such column: ${one.ignored_columns.join(", ")}.`,
    found.creates && one.would_be !== "refused" && `${found.dataset} is new: its table is made with these columns` +
      (key.length ? `, and the key ${key.join(", ")}.` : ", and without a key: rows append. A key can be told under Reading options."),
    ...(found.creates ? [] : one.changes.map((change) =>
      `The table changes: ${change.column} is ${change.change}, ${change.from ? `from ${change.from} to ` : ""}${change.type}.`)),
  ].filter(Boolean);
}

function sample(one, isOpen) {
  const columns = one.columns.filter(({ name }) => name);
  if (!columns.length) {
    return one.columns.length > 0 &&
      h("p", {}, "The file’s columns: ", one.columns.map(({ header }) => header).join(", "), ".");
  }
  const rows = one.rows.map((row) => columns.map(({ name }) => value(row[name])));
  return h("details", { open: isOpen },
    h("summary", {}, `${count(columns.length, "column")}, ${rows.length ? `first ${count(rows.length, "row")}` : "no row"}`),
    table("First rows", headings(columns), rows));
}

function problems(one, isOpen) {
  if (!one.rejects.length) return null;
  const all = one.rejects.length < one.counts.rejected ? `First ${one.rejects.length} of ` : "";
  return h("details", { open: isOpen }, h("summary", {}, `${all}${count(one.counts.rejected, "rejected row")}`),
    table("Rejected rows", REJECTS, one.rejects.map(reject)));
}
