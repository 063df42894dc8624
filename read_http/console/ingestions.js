// The pages about ingestions: their list, which refreshes itself, and one ingestion with its rejects, undo and replay.

import { isFinished, pollIngestion, requestApi, requestJson } from "./api.js";
import {
  countsBar, countsChart, countsText, definitionList, emptyState, errorMessage, message, muted, relativeTime, stateLabel,
  warningTexts,
} from "./components.js";
import { datasetNames } from "./datasets.js";
import { announce, button, dialog, h, hashUrl, link, setContent } from "./dom.js";
import { describeFormat, formatCount, formatDuration, formatNumber, formatSize, formatTime } from "./formatting.js";
import { REJECT_COLUMNS, pagedTable, rejectCells, table } from "./tables.js";

const STATE_FILTERS = [
  ["", "All states"], ["received,loading", "In progress"], ["refused,failed", "With errors"],
  ...["loaded", "duplicate", "superseded", "undone"].map((state) => [state, state]),
];
const COLUMNS = [
  { label: "File", class: "file" }, "State", { label: "Rows", class: "number" }, { label: "Result", class: "result minor" },
  { label: "Duration", class: "number minor" }, { label: "Received", class: "number minor" },
];
const MEMBER_COLUMNS = [
  { label: "File in the archive", class: "file" }, "State", { label: "Rows", class: "number" }, { label: "Rejected", class: "number" },
];

export function ingestionsPage({ title, query, signal }) {
  title.append("Ingestions");
  const dataset = filterSelect("dataset", "Dataset", [["", "All datasets"]], query.get("dataset"));
  const state = filterSelect("state", "State", STATE_FILTERS, query.get("state"));
  const content = h("div.stack.full-height");
  let listing = new AbortController();

  function update() {
    listing.abort();
    listing = new AbortController();
    const filter = { dataset: dataset.value, state: state.value };
    setContent(content, ingestionList(filter, AbortSignal.any([signal, listing.signal])));
    return filter;
  }

  datasetNames(signal).then((names) =>
    dataset.append(...names.filter((name) => name !== query.get("dataset")).map((name) => h("option", name))));
  update();
  const onchange = () => history.pushState(null, "", hashUrl("ingestions", update())); // does not move the focus
  return [title, h("form.filters", { role: "search", onchange }, dataset.parentNode, state.parentNode), content];
}

/** The select of a filter, in its field. It has an option for the value in the URL, even for an unknown one. */
function filterSelect(id, label, options, selected) {
  const all = options.some(([value]) => value === (selected ?? "")) ? options : [...options, [selected, selected]];
  const select = h("select", { id }, all.map(([value, text]) => h("option", { value, selected: value === selected }, text)));
  h("div.field", h("label", { for: id }, label), select);
  return select;
}

function ingestionList(filter, signal) {
  const states = new Map();
  const getPage = (after) => requestJson("ingestions", { query: { ...filter, limit: 50, after }, signal });
  const getRows = ({ ingestions }) => ingestions.map((ingestion) => {
    const { id, filename, state } = ingestion;
    if (states.has(id) && states.get(id) !== state) announce(`${filename}: ${state}`);
    states.set(id, state);
    return ingestionCells(ingestion);
  });
  const refreshAfter = ({ ingestions }) => (ingestions.every(isFinished) ? 3 : 1);
  return pagedTable("Ingestions", COLUMNS, getPage, getRows, { signal, empty: emptyList(filter), refreshAfter });
}

function ingestionCells({ id, filename, dataset, size, state, error, counts, timings }) {
  return [
    [link(filename, "ingestions", id), muted(dataset, " · ", formatSize(size))],
    [stateLabel(state), error && h("p.muted.clip", { title: error.detail }, error.detail)],
    formatNumber(counts.read),
    counts.read > 0 && ["loaded", "refused"].includes(state) && [countsBar(counts), muted(countsText(counts))],
    formatDuration(timings.load_milliseconds), relativeTime(timings.received_at),
  ];
}

const emptyList = ({ dataset, state }) =>
  dataset || state
    ? emptyState("No ingestions match the filter", "Choose another dataset or state, or ", link("show all ingestions", "ingestions"), ".")
    : emptyState("No files loaded yet", link("Upload a CSV file", "upload"), ", or copy one into the storage container ",
      h("code", "uploads"), ", in a folder with the name of the dataset. It appears here automatically.");

export function ingestionPage({ title, id, signal }) {
  title.append("Ingestion");
  const content = h("div.stack", muted("Loading…"));
  const status = h("div");
  const path = `ingestions/${encodeURIComponent(id)}`;
  let previousState;

  async function poll() {
    const onretry = (error) => setContent(status, message("", `${error.message} Retrying…`));
    try {
      await pollIngestion(() => requestJson(path, { signal }), draw, signal, onretry);
    } catch (error) {
      if (error.name !== "AbortError") setContent(content, errorMessage(error, poll));
    }
  }

  function draw(ingestion) {
    setContent(status);
    title.textContent = ingestion.filename;
    document.title = `${ingestion.filename} – CSV to Postgres`;
    if (previousState && previousState !== ingestion.state) announce(`${ingestion.filename}: ${ingestion.state}`);
    previousState = ingestion.state;
    setContent(content, summary(ingestion), actions(ingestion, perform, signal), errorAndUndo(ingestion), relations(ingestion),
      progress(ingestion), result(ingestion), members(ingestion), rejects(ingestion, path, signal), details(ingestion));
  }

  /** Send the request of a button, then poll the ingestion again. */
  async function perform(pressed, method, action, announcement) {
    pressed.disabled = true;
    try {
      await requestJson(action ? `${path}/${action}` : path, { method, signal });
      announce(announcement);
      title.focus(); // the pressed button is about to be removed
      setContent(status);
      poll();
    } catch (error) {
      pressed.disabled = false;
      if (error.name !== "AbortError") setContent(status, errorMessage(error));
    }
  }

  poll();
  return [h("p.breadcrumb", link("Ingestions", "ingestions")), title, status, content];
}

const summary = ({ state, dataset, size, timings }) =>
  h("p.summary", stateLabel(state), h("span", "into ", link(dataset, "datasets", dataset)), h("span", formatSize(size)),
    h("span", "received ", relativeTime(timings.received_at)),
    timings.load_milliseconds !== null && h("span", `took ${formatDuration(timings.load_milliseconds)}`));

function actions(ingestion, perform, signal) {
  const replay = (event) => perform(event.currentTarget, "POST", "replay", "Replay started");
  const undo = async ({ currentTarget: pressed }) => {
    const text = [
      h("p", "The rows that ", h("bdi", ingestion.filename), ` inserted or last updated are removed from the dataset ${ingestion.dataset}.`),
      h("p", "Rows that later files also contained are removed as well; replay those files to get them back. "
        + "Values that this file overwrote are not restored."),
      h("p", "The file stays in storage, so you can replay it later."),
    ];
    const isConfirmed = await dialog("Undo this load?", text, h("button.danger", "Undo the load"), signal);
    if (isConfirmed) await perform(pressed, "DELETE", "", "The load was undone");
  };
  return h("div.actions", isFinished(ingestion) && button("Replay", replay),
    ingestion.state === "loaded" && button("Undo…", undo, "danger.quiet"));
}

function errorAndUndo({ error, undone }) {
  return [
    error && message("bad", error.detail),
    undone && message("", `Undone ${formatTime(undone.at)}: ${formatCount(undone.rows_removed, "row")} removed.`,
      undone.rows_changed_since > 0 && ` ${formatCount(undone.rows_changed_since, "row")} kept, because later loads changed them.`,
      undone.handed_over_to && [" The other rows now belong to ", ingestionLink(undone.handed_over_to), ", an identical file."],
      undone.unchanged_in?.length > 0 && [
        " These later files may have contained some of the removed rows. Replay them to restore those rows: ",
        ...undone.unchanged_in.flatMap((id, index) => [index ? ", " : "", ingestionLink(id)]), "."]),
  ];
}

const ingestionLink = (id) => link(`ingestion ${id.slice(0, 8)}`, "ingestions", id);

const relations = (ingestion) =>
  [
    ["Duplicate: an identical file was loaded by ", ingestion.duplicate_of],
    ["Replaced by ", ingestion.replaced_by],
    ["Corrects rejected rows of ", ingestion.corrects],
    ...(ingestion.corrected_by ?? []).map((id) => ["Rejected rows were corrected by ", id]),
    ["Part of the archive ", ingestion.archive],
  ].filter(([, id]) => id).map(([text, id]) => message("", text, ingestionLink(id)));

function progress(ingestion) {
  if (isFinished(ingestion)) return null;
  return h("div.progress",
    h("progress", { max: ingestion.size || 1, value: ingestion.bytes_read ?? 0, "aria-label": "Load progress" }),
    h("p", ingestion.state === "received" ? "Waiting for the load to start" : `${formatCount(ingestion.counts.read ?? 0, "row")} so far`));
}

const result = (ingestion) =>
  isFinished(ingestion) && ingestion.counts.read > 0 &&
  h("section", h("h2", formatCount(ingestion.counts.read, "row"), " read"),
    ingestion.state !== "undone" && countsChart(ingestion.counts));

const members = ({ members: files }) =>
  files && table("Files in the archive", MEMBER_COLUMNS, files.map((file) =>
    [link(file.member, "ingestions", file.id), stateLabel(file.state), formatNumber(file.counts.read), formatNumber(file.counts.rejected)]));

function rejects(ingestion, path, signal) {
  const { rejected } = ingestion.counts;
  if (!rejected || ingestion.members) return null; // each file of an archive shows its own rejected rows
  const status = h("div");
  const save = async ({ currentTarget: pressed }) => {
    pressed.disabled = true;
    await download(`${path}/rejects`, signal).then(() => setContent(status), (error) => setContent(status, errorMessage(error)));
    pressed.disabled = false;
  };
  const getPage = (after) => requestJson(`${path}/rejects`, { query: { limit: 100, after }, signal });
  return h("section", h("h2", "Rejected rows"),
    muted(ingestion.state === "refused"
      ? "The file was refused, so none of its rows were loaded. Correct the original file and upload it again."
      : `${formatCount(rejected, "row")} ${rejected === 1 ? "was" : "were"} not loaded. Download the rejected rows, correct them, `
        + "and upload the file again. You may leave the last two columns (_line and _errors) in."),
    h("div.actions", button("Download as CSV", save, "primary"),
      link("Upload the corrected file", "upload", { dataset: ingestion.dataset, corrects: ingestion.id })), status,
    pagedTable("Rejected rows", REJECT_COLUMNS, getPage, (page) => page.rejects.map(rejectCells), { signal }));
}

async function download(path, signal) {
  const { body, header } = await requestApi(path, { headers: { Accept: "text/csv" }, type: "blob", signal });
  const name = decodeURIComponent(/filename\*=UTF-8''(.+)/.exec(header("content-disposition"))[1]);
  const anchor = h("a", { href: URL.createObjectURL(body), download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}

function details({ format, timings, columns = [], ...ingestion }) {
  const skipped = format?.skipped?.map(({ member }) => member).join(", ");
  return [
    h("section", h("h2", "Details"), definitionList([
      ["Format", describeFormat(format).join(", ")],
      ["Uncertain", warningTexts(ingestion).join(" ")],
      ["Set by user", format?.told?.join(", ")],
      ["Not loaded", skipped || ingestion.ignored_columns?.join(", ")],
      ["Received", formatTime(timings.received_at)],
      ["Started", formatTime(timings.started_at)],
      ["Finished", formatTime(timings.finished_at)],
      ["Attempts", formatNumber(ingestion.attempts)],
      ["Blob", h("code", ingestion.blob)],
      ["SHA-256", ingestion.sha256 && h("code", ingestion.sha256)],
      ["Ingestion ID", h("code", ingestion.id)],
    ])),
    columns.length > 0 && h("details", h("summary", `Columns (${columns.length})`),
      table("Columns", ["Header in the file", "Table column"], columns.map(({ name, column }) => [name, column ?? muted("not loaded")]))),
  ];
}
