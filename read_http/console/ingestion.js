// One ingestion: what became of the file and its rows, and what can be done about it.

import { json, raw } from "./api.js";
import { dialog } from "./dialog.js";
import { announce, button, h, show, to } from "./dom.js";
import { facts, legend, muted, note, problem, state, time } from "./parts.js";
import { follow, isSettled } from "./request.js";
import { REJECTS, paged, reject, table } from "./tables.js";
import { count, duration, format, moment, number, size } from "./text.js";

const MEMBERS = [
  { label: "File of the archive", class: "file" }, "State", { label: "Rows", class: "number" }, { label: "Rejected", class: "number" },
];

export function ingestion({ title, id, signal }) {
  title.append("Ingestion");
  const place = h("div.stack", muted("Loading…"));
  const said = h("div");
  const path = `ingestions/${encodeURIComponent(id)}`;
  let before;

  async function watch() {
    const lost = (error) => show(said, note("", `${error.message} Trying again.`));
    try {
      await follow(() => json(path, { signal }), draw, signal, lost);
    } catch (error) {
      if (error.name !== "AbortError") show(place, problem(error, watch));
    }
  }

  function draw(entry) {
    show(said);
    title.textContent = entry.filename;
    document.title = `${entry.filename} – CSV to Postgres`;
    if (before && before !== entry.state) announce(`${entry.filename}: ${entry.state}`);
    before = entry.state;
    show(place, summary(entry), actions(entry, act, signal), fault(entry), links(entry), progress(entry), outcome(entry),
      members(entry), rejects(entry, path, signal), details(entry));
  }

  async function act(pressed, method, what, done) {
    pressed.disabled = true;
    try {
      await json(what ? `${path}/${what}` : path, { method, signal });
      announce(done);
      title.focus(); // what was pressed goes
      show(said);
      watch();
    } catch (error) {
      pressed.disabled = false;
      if (error.name !== "AbortError") show(said, problem(error));
    }
  }

  watch();
  return [h("p.crumbs", to("Ingestions", "ingestions")), title, said, place];
}

const summary = ({ state: name, dataset, size: bytes, timings }) =>
  h("p.summary", state(name), h("span", "into ", to(dataset, "datasets", dataset)), h("span", size(bytes)),
    h("span", "received ", time(timings.received_at)),
    timings.load_milliseconds !== null && h("span", `took ${duration(timings.load_milliseconds)}`));

function actions(entry, act, signal) {
  const replay = (event) => act(event.currentTarget, "POST", "replay", "It is loaded again");
  const undo = async ({ currentTarget: pressed }) => {
    const text = [
      h("p", "The rows that ", h("bdi", entry.filename), ` inserted or last changed leave the dataset ${entry.dataset}.`),
      h("p", "So do those that later files had, too, until these are replayed; values that it replaced do not come back."),
      h("p", "The file stays in storage and can be loaded again by a replay."),
    ];
    const isSure = await dialog("Undo this load?", text, h("button.danger", "Undo the load"), signal);
    if (isSure) await act(pressed, "DELETE", "", "The load is undone");
  };
  return h("div.actions", isSettled(entry) && button("Replay", replay),
    entry.state === "loaded" && button("Undo…", undo, "danger.quiet"));
}

function fault({ error, undone }) {
  return [
    error && note("bad", error.detail),
    undone && note("", `Undone ${moment(undone.at)}: ${count(undone.rows_removed, "row")} removed`,
      undone.rows_changed_since > 0 && `, ${number(undone.rows_changed_since)} stay that a later load has changed`,
      undone.handed_over_to && [", the others are those of ", link(undone.handed_over_to), ", which has the same bytes"], ".",
      undone.unchanged_in?.length > 0 && [" Later loads that had some of them, too, lack these until they are replayed: ",
        ...undone.unchanged_in.flatMap((id, at) => [at ? ", " : "", link(id)]), "."]),
  ];
}

const link = (id) => to(`ingestion ${id.slice(0, 8)}`, "ingestions", id);

const links = (entry) =>
  [
    ["The same bytes were loaded already by ", entry.duplicate_of],
    ["Replaced by ", entry.replaced_by],
    ["Corrects rows that were rejected by ", entry.corrects],
    ...(entry.corrected_by ?? []).map((id) => ["Rejected rows were corrected by ", id]),
    ["A file of the archive ", entry.archive],
  ].filter(([, id]) => id).map(([text, id]) => note("", text, link(id)));

function progress(entry) {
  if (isSettled(entry)) return null;
  return h("div.progress",
    h("progress", { max: entry.size || 1, value: entry.bytes_read ?? 0, "aria-label": "Read so far" }),
    h("p", entry.state === "received" ? "Waiting for its turn" : `${count(entry.counts.read ?? 0, "row")} so far`));
}

const outcome = (entry) =>
  isSettled(entry) && entry.counts.read > 0 &&
  h("section", h("h2", count(entry.counts.read, "row"), " read"), entry.state !== "undone" && legend(entry.counts));

const members = ({ members: found }) =>
  found && table("Files of the archive", MEMBERS, found.map((one) =>
    [to(one.member, "ingestions", one.id), state(one.state), number(one.counts.read), number(one.counts.rejected)]));

function rejects(entry, path, signal) {
  if (!entry.counts.rejected || entry.members) return null; // those of an archive are its files'
  const said = h("div");
  const save = async ({ currentTarget: pressed }) => {
    pressed.disabled = true;
    await download(`${path}/rejects`, signal).then(() => show(said), (error) => show(said, problem(error)));
    pressed.disabled = false;
  };
  const ask = (after) => json(`${path}/rejects`, { query: { limit: 100, after }, signal });
  return h("section", h("h2", "Rejected rows"),
    entry.state === "refused"
      ? muted("The file was refused: none of its rows is in the table. Mend the file itself, and upload it again.")
      : muted("They are not in the table. Download them, mend them, and upload the file: the columns ",
        h("code", "_line"), " and ", h("code", "_errors"), " may stay."),
    h("div.actions", button("Download as CSV", save, "primary"),
      to("Upload the corrected file", "upload", { dataset: entry.dataset, corrects: entry.id })), said,
    paged("Rejected rows", REJECTS, ask, (page) => page.rejects.map(reject), { signal }));
}

async function download(path, signal) {
  const { text: content, header } = await raw(path, { headers: { Accept: "text/csv" }, type: "blob", signal });
  const name = decodeURIComponent(/filename\*=UTF-8''(.+)/.exec(header("content-disposition"))[1]);
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function details({ format: found, timings, columns = [], ...entry }) {
  const skipped = found?.skipped?.map(({ member }) => member).join(", ");
  return [
    h("section", h("h2", "Details"), facts([
      ["Format", format(found).join(", ")],
      ["In doubt", found?.doubts?.join(" ")],
      ["Told, not detected", found?.told?.join(", ")],
      ["Not loaded", skipped || entry.ignored_columns?.join(", ")],
      ["Received", moment(timings.received_at)],
      ["Started", moment(timings.started_at)],
      ["Finished", moment(timings.finished_at)],
      ["Attempts", number(entry.attempts)],
      ["Blob", h("code", entry.blob)],
      ["SHA-256", entry.sha256 && h("code", entry.sha256)],
      ["Ingestion", h("code", entry.id)],
    ])),
    columns.length > 0 && h("details", h("summary", `Columns (${columns.length})`),
      table("Columns", ["In the file", "In the table"], columns.map(({ name, column }) => [name, column ?? muted("not loaded")]))),
  ];
}
