// The list of datasets.

import { json } from "./api.js";
import { to } from "./dom.js";
import { empty, muted, time } from "./parts.js";
import { paged } from "./tables.js";
import { number } from "./text.js";

const COLUMNS = [
  "Dataset", { label: "Rows", class: "number" }, { label: "Columns", class: "number" }, { label: "Key", class: "minor" }, "Last load",
];

export function datasets({ title, signal }) {
  title.append("Datasets");
  const ask = (after) => json("datasets", { query: { limit: 100, after }, signal });
  const nothing = empty("There is no dataset yet", to("Upload a CSV file", "upload"),
    " for a dataset of any name: its table is made from the columns of the file.");
  return [title, paged("Datasets", COLUMNS, ask, (page) => page.datasets.map(line), { signal, nothing })];
}

const line = (one) => [
  to(one.name, "datasets", one.name), rows(one), number(one.columns.length), one.key.join(", ") || muted("none"),
  one.last_load ? time(one.last_load.finished_at) : muted("never"),
];

/** The number of rows, and whether it is an estimate. */
export const rows = (one) => `${one.rows_estimated ? "about " : ""}${number(one.rows)}`;

/** The names of datasets, for a choice among them; none where they cannot be had, whose cause others tell. */
export const names = async (signal) => {
  const { datasets: found } = await json("datasets", { query: { limit: 100 }, signal }).catch(() => ({ datasets: [] }));
  return found.map(({ name }) => name);
};
