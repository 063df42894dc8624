// One dataset: what it holds, when it grew, its columns and rows.

import { json } from "./api.js";
import { chart } from "./chart.js";
import { rows as rowsOf } from "./datasets.js";
import { h, to } from "./dom.js";
import { empty, facts, loaded, note, outcome, time, value } from "./parts.js";
import { headings, paged, table } from "./tables.js";
import { count } from "./text.js";

const DAYS = 30;

export function dataset({ title, id, signal }) {
  title.append(id);
  const path = `datasets/${encodeURIComponent(id)}`;
  const body = loaded(() => json(path, { signal }), (found) => [
    overview(found),
    found.last_load ? loads(path, signal) : empty("It has no rows yet",
      to("Upload a file", "upload", { dataset: id }), " with these columns."),
    columns(found), found.last_load && rows(found, signal), changes(found.changes),
  ]);
  return [h("p.crumbs", to("Datasets", "datasets")), title, body];
}

function overview(found) {
  const last = found.last_load;
  return [
    h("div.actions", to("Upload files", "upload", { dataset: found.name }),
      to("Its ingestions", "ingestions", { dataset: found.name })),
    found.problem && note("warn", found.problem),
    facts([
      ["Rows", rowsOf(found)],
      ["Key", found.key.length ? h("code", found.key.join(", ")) : "none: rows append"],
      ["Columns", found.declared ? "declared by a contract" : "inferred from files"],
      ["Last load", last && [to(last.filename, "ingestions", last.ingestion_id), " ", time(last.finished_at), ": ",
        outcome(last.counts)]],
    ]),
  ];
}

const loads = (path, signal) =>
  h("section", h("h2", "Rows loaded a day"),
    loaded(() => json(`${path}/loads`, { query: { days: DAYS }, signal }), ({ days }) => chart(days, DAYS)));

function columns({ columns: found, key, declared }) {
  const lines = found.map(({ name, type, nullable, headers }) => [
    [h("code", name), key.includes(name) && h("span.tag", "key")], type, nullable ? "yes" : "no",
    ...(declared ? [] : [headers?.join(", ")]),
  ]);
  const heads = ["Column", "Type", "May be missing", ...(declared ? [] : ["In files"])];
  return h("details", h("summary", `Columns (${lines.length})`), table("Columns", heads, lines));
}

function rows(found, signal) {
  const ask = (after) => json(`read/${encodeURIComponent(found.name)}`, { query: { limit: 50, after }, signal });
  const cells = (page) => page.rows.map((row) => found.columns.map(({ name }) => value(row[name])));
  const nothing = empty("No rows", "All that was loaded is gone again.");
  return h("section", h("h2", "Rows"), paged("Rows", headings(found.columns), ask, cells, { signal, nothing }));
}

function changes(found) {
  if (!found.length) return null;
  const lines = found.map((one) => [
    time(one.changed_at), words(one), one.ingestion_id && to("its ingestion", "ingestions", one.ingestion_id),
  ]);
  return h("details", h("summary", `${count(lines.length, "change")} of the table`),
    table("Changes", ["When", { label: "Change", class: "wide" }, "By"], lines));
}

/** `amount widened from bigint to numeric`, `created with 3 columns`, `key set: id`. */
const words = ({ column, change, from, type, columns, key }) =>
  [
    column, change, from && `from ${from} to`, type, columns && `with ${count(Object.keys(columns).length, "column")}`,
    key?.length && `key: ${key.join(", ")}`,
  ].filter(Boolean).join(" ");
