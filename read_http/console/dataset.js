// One dataset: what it holds, when it grew, its columns and rows.

import { json } from "./api.js";
import { chart } from "./chart.js";
import { rows as rowsOf } from "./datasets.js";
import { announce, button, h, show, to } from "./dom.js";
import { empty, facts, hash, headings, loaded, outcome, problem, table, time, value } from "./parts.js";
import { count } from "./text.js";

const DAYS = 30;
const PAGE = 50;

export function dataset({ title, id, signal }) {
  title.append(id);
  const path = `datasets/${encodeURIComponent(id)}`;
  const place = h("div", { class: "stack" });
  loaded(() => json(path, { signal }), (found) => [
    overview(found),
    found.last_load ? loads(path, signal) : empty("It has no rows yet",
      to("Upload a file", "upload", { dataset: id }), " with these columns."),
    columns(found), found.last_load && rows(found, signal), changes(found.changes),
  ], place);
  return [h("p", { class: "crumbs" }, to("Datasets", "datasets")), title, place];
}

function overview(found) {
  const last = found.last_load;
  return [
    h("div", { class: "actions" }, to("Upload files", "upload", { dataset: found.name }),
      to("Its ingestions", "ingestions", { dataset: found.name })),
    found.problem && h("p", { class: "notice" }, found.problem),
    facts([
      ["Rows", rowsOf(found)],
      ["Key", found.key.length ? hash(found.key.join(", ")) : "none: rows append"],
      ["Columns", found.declared ? "declared by a contract" : "inferred from files"],
      ["Last load", last && [to(last.filename, "ingestions", last.ingestion_id), " ", time(last.finished_at), ": ",
        outcome(last.counts)]],
    ]),
  ];
}

const loads = (path, signal) =>
  h("section", {}, h("h2", {}, "Rows loaded a day"),
    loaded(() => json(`${path}/loads`, { query: { days: DAYS }, signal }), ({ days }) => chart(days, DAYS)));

function columns(found) {
  const heads = [{ label: "Column" }, { label: "Type" }, { label: "May be missing" }, { label: "In files", class: "wide" }];
  const lines = found.columns.map((column) => [
    [hash(column.name), found.key.includes(column.name) && h("span", { class: "tag" }, "key")],
    column.type, column.nullable ? "yes" : "no", (column.headers ?? []).join(", "),
  ]);
  return h("details", {}, h("summary", {}, `Columns (${lines.length})`), table("Columns", heads, lines));
}

/** The rows, page by page; earlier pages are asked for again by the cursors that led to them. */
function rows(found, signal) {
  const place = h("div", {});
  const cursors = [undefined];
  const earlier = button("Previous", () => turn(-1));
  const later = button("Next", () => turn(1));
  let page = 0;

  async function turn(by) {
    earlier.disabled = later.disabled = true;
    try {
      const query = { limit: PAGE, after: cursors[page + by] };
      const answer = await json(`read/${encodeURIComponent(found.name)}`, { query, signal });
      page += by;
      cursors[page + 1] = answer.next;
      const first = page * PAGE + 1;
      const names = found.columns.map(({ name }) => name);
      show(place, answer.rows.length
        ? table("Rows", headings(found.columns), answer.rows.map((row) => names.map((name) => value(row[name]))))
        : empty("No rows", "All that was loaded is gone again."));
      show(where, answer.rows.length ? `Rows ${first} to ${first + answer.rows.length - 1}` : "");
      if (by) announce(where.textContent);
    } catch (error) {
      if (error.name !== "AbortError") show(place, problem(error, () => turn(by)));
    }
    earlier.disabled = page === 0;
    later.disabled = !cursors[page + 1];
  }

  const where = h("span", { class: "muted" });
  turn(0);
  return h("section", {}, h("h2", {}, "Rows"), place, h("div", { class: "actions" }, earlier, later, where));
}

function changes(found = []) {
  if (!found.length) return null;
  const lines = found.map((one) => [
    time(one.changed_at), one.column, `${one.change}: ${one.from ? `${one.from} to ` : ""}${one.type}`,
    one.ingestion_id ? to("its ingestion", "ingestions", one.ingestion_id) : "",
  ]);
  return h("details", {}, h("summary", {}, `${count(lines.length, "change")} of the table`),
    table("Changes", [{ label: "When" }, { label: "Column" }, { label: "Change", class: "wide" }, { label: "By" }], lines));
}
