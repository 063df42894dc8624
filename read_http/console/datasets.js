// The pages about datasets: their list, and one dataset with its loads, columns, rows and schema history.

import { requestJson } from "./api.js";
import {
  asyncContent, cellValue, countsText, dailyRowsChart, definitionList, emptyState, message, muted, relativeTime,
} from "./components.js";
import { h, link } from "./dom.js";
import { describeChange, formatNumber } from "./formatting.js";
import { dataColumns, pagedTable, table } from "./tables.js";

const DAYS = 30;
const COLUMNS = [
  "Dataset", { label: "Rows", class: "number" }, { label: "Columns", class: "number" }, { label: "Key", class: "minor" }, "Last load",
];

export function datasetsPage({ title, signal }) {
  title.append("Datasets");
  const getPage = (after) => requestJson("datasets", { query: { limit: 100, after }, signal });
  const empty = emptyState("No datasets yet", link("Upload a CSV file", "upload"),
    " with a dataset name of your choice. Its table is created from the columns of the file.");
  return [title, pagedTable("Datasets", COLUMNS, getPage, (page) => page.datasets.map(datasetCells), { signal, empty })];
}

const datasetCells = (dataset) => [
  link(dataset.name, "datasets", dataset.name), rowCount(dataset), formatNumber(dataset.columns.length),
  dataset.key.join(", ") || muted("none"),
  dataset.last_load ? relativeTime(dataset.last_load.finished_at) : muted("never"),
];

const rowCount = (dataset) => `${dataset.rows_estimated ? "about " : ""}${formatNumber(dataset.rows)}`;

/** The names of datasets, for selection lists; empty after an error, which the page itself reports. */
export const datasetNames = async (signal) => {
  const { datasets } = await requestJson("datasets", { query: { limit: 100 }, signal }).catch(() => ({ datasets: [] }));
  return datasets.map(({ name }) => name);
};

export function datasetPage({ title, id, signal }) {
  title.append(id);
  const path = `datasets/${encodeURIComponent(id)}`;
  const body = asyncContent(() => requestJson(path, { signal }), (dataset) => [
    overview(dataset),
    dataset.last_load ? dailyRows(path, signal)
      : emptyState("This dataset has no rows yet", link("Upload a file", "upload", { dataset: id }), " with these columns."),
    columnList(dataset), dataset.last_load && rowList(dataset, signal), schemaHistory(dataset.changes),
  ]);
  return [h("p.breadcrumb", link("Datasets", "datasets")), title, body];
}

function overview(dataset) {
  const last = dataset.last_load;
  return [
    h("div.actions", link("Upload files", "upload", { dataset: dataset.name }),
      link("Load history", "ingestions", { dataset: dataset.name })),
    dataset.problem && message("warn", dataset.problem),
    definitionList([
      ["Rows", rowCount(dataset)],
      ["Key", dataset.key.length ? h("code", dataset.key.join(", ")) : "No key: files add rows"],
      ["Columns", dataset.declared ? "Declared by a contract" : "Inferred from files"],
      ["Last load", last && [link(last.filename, "ingestions", last.ingestion_id), " ", relativeTime(last.finished_at), ": ",
        countsText(last.counts)]],
    ]),
  ];
}

const dailyRows = (path, signal) =>
  h("section", h("h2", "Rows loaded per day"),
    asyncContent(() => requestJson(`${path}/loads`, { query: { days: DAYS }, signal }), ({ days }) => dailyRowsChart(days, DAYS)));

function columnList({ columns, key, declared }) {
  const rows = columns.map(({ name, type, nullable, headers }) => [
    [h("code", name), key.includes(name) && h("span.tag", "key")], type, nullable ? "yes" : "no",
    ...(declared ? [] : [headers?.join(", ")]),
  ]);
  const heads = ["Column", "Type", "Nullable", ...(declared ? [] : ["Header in files"])];
  return h("details", h("summary", `Columns (${rows.length})`), table("Columns", heads, rows));
}

function rowList(dataset, signal) {
  const getPage = (after) => requestJson(`read/${encodeURIComponent(dataset.name)}`, { query: { limit: 50, after }, signal });
  const getRows = (page) => page.rows.map((row) => dataset.columns.map(({ name }) => cellValue(row[name])));
  const empty = emptyState("No rows", "All loaded rows were deleted.");
  return h("section", h("h2", "Rows"), pagedTable("Rows", dataColumns(dataset.columns), getPage, getRows, { signal, empty }));
}

function schemaHistory(changes) {
  if (!changes.length) return null;
  const rows = changes.map((change) => [
    relativeTime(change.changed_at), describeChange(change),
    change.ingestion_id && link(`ingestion ${change.ingestion_id.slice(0, 8)}`, "ingestions", change.ingestion_id),
  ]);
  return h("details", h("summary", `Schema history (${rows.length})`),
    table("Schema history", ["When", { label: "Change", class: "wide" }, "Caused by"], rows));
}
