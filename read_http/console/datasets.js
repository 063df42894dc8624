// The list of datasets.

import { json } from "./api.js";
import { announce, button, h, to } from "./dom.js";
import { addRows, empty, loaded, table, time } from "./parts.js";
import { number } from "./text.js";

const COLUMNS = [
  { label: "Dataset" }, { label: "Rows", class: "number" }, { label: "Columns", class: "number" },
  { label: "Key", class: "minor" }, { label: "Last load" },
];

export function datasets({ title, signal }) {
  title.append("Datasets");
  const page = (after) => json("datasets", { query: { limit: 100, after }, signal });
  return [title, loaded(page, (first) => drawn(first, page))];
}

function drawn(first, page) {
  if (!first.datasets.length) {
    return empty("There is no dataset yet", to("Upload a CSV file", "upload"),
      " for a dataset of any name: its table is made from the columns of the file.");
  }
  const body = h("tbody", {});
  let { next } = first;
  const more = button("Show more", async () => {
    const found = await page(next);
    addRows(body, COLUMNS, found.datasets.map(line));
    announce(`${found.datasets.length} more`);
    next = found.next;
    more.hidden = !next;
  });
  more.hidden = !next;
  return [table("Datasets", COLUMNS, first.datasets.map(line), body), h("div", { class: "actions" }, more)];
}

const line = (one) => [
  to(one.name, "datasets", one.name), rows(one), number(one.columns.length),
  one.key.join(", ") || h("span", { class: "muted" }, "none"),
  one.last_load ? time(one.last_load.finished_at) : h("span", { class: "muted" }, "never"),
];

/** The number of rows, and whether it is an estimate. */
export const rows = (one) => `${one.rows_estimated ? "about " : ""}${number(one.rows)}`;
