// One ingestion: what became of the file and its rows, and what can be done about it.

import { json, raw } from "./api.js";
import { confirm } from "./confirm.js";
import { announce, button, h, show, to } from "./dom.js";
import { REJECTS, addRows, bar, facts, hash, legend, loaded, problem, reject, state, table, time } from "./parts.js";
import { follow, isSettled } from "./polling.js";
import { count, duration, format, moment, number, size } from "./text.js";

const PAGE = 100;
const MEMBERS = [
  { label: "File of the archive", class: "wide" }, { label: "State" }, { label: "Rows", class: "number" },
  { label: "Rejected", class: "number" },
];

export function ingestion({ title, id, signal }) {
  title.append("Ingestion");
  const place = h("div", { class: "stack" }, h("p", { class: "muted" }, "Loading…"));
  const watch = () =>
    follow(() => json(`ingestions/${id}`, { signal }), draw, signal)
      .catch((error) => error.name === "AbortError" || show(place, problem(error, watch)));
  let before;

  function draw(entry) {
    title.textContent = entry.filename;
    document.title = `${entry.filename} – CSV to Postgres`;
    if (before && before !== entry.state) announce(`${entry.filename}: ${entry.state}`);
    before = entry.state;
    show(place, summary(entry), actions(entry, watch, signal), fault(entry), progress(entry), outcome(entry), rejects(entry, signal),
      details(entry));
  }

  watch();
  return [h("p", { class: "crumbs" }, to("Ingestions", "ingestions")), title, place];
}

const summary = (entry) =>
  h("p", { class: "summary" }, state(entry.state), h("span", {}, "into ", to(entry.dataset, "datasets", entry.dataset)),
    h("span", {}, size(entry.size)), h("span", {}, "received ", time(entry.timings.received_at)),
    entry.timings.load_milliseconds !== null && h("span", {}, `took ${duration(entry.timings.load_milliseconds)}`));

function actions(entry, watch, signal) {
  const said = h("div", {});
  const act = (method, path, done) => async (event) => {
    const pressed = event?.currentTarget;
    if (pressed) pressed.disabled = true;
    try {
      await json(path, { method, signal });
      announce(done);
      watch();
    } catch (error) {
      if (pressed) pressed.disabled = false;
      if (error.name !== "AbortError") show(said, problem(error));
    }
  };
  const undo = async () => {
    const text = [
      `The rows that ${entry.filename} inserted or last changed leave the dataset ${entry.dataset}.`,
      "So do rows that later files had too, until those are replayed; values that it had replaced do not come back.",
      "The file stays in storage and can be loaded again by a replay.",
    ];
    if (await confirm("Undo this load?", text, "Undo the load")) {
      await act("DELETE", `ingestions/${entry.id}`, "The load is undone")();
    }
  };
  return [
    h("div", { class: "actions" },
      isSettled(entry) &&
        button("Replay", act("POST", `ingestions/${entry.id}/replay`, "It is loaded again"), "",
          { title: "Load this version of the file again" }),
      entry.state === "loaded" && button("Undo…", undo, "danger quiet")),
    said,
  ];
}

function fault(entry) {
  const links = [
    ["The same bytes were loaded already by ", entry.duplicate_of],
    ["Replaced by ", entry.replaced_by],
    ["Corrects rows that were rejected by ", entry.corrects],
    ...(entry.corrected_by ?? []).map((id) => ["Rejected rows were corrected by ", id]),
    ["A file of the archive ", entry.archive],
  ];
  return [
    entry.error && h("div", { class: "problem" }, h("p", {}, entry.error.detail)),
    links.filter(([, id]) => id).map(([text, id]) =>
      h("p", { class: "notice" }, text, to(`ingestion ${id.slice(0, 8)}`, "ingestions", id))),
    entry.members && table("Files of the archive", MEMBERS, entry.members.map((one) =>
      [to(one.member, "ingestions", one.id), state(one.state), number(one.counts.read), number(one.counts.rejected)])),
  ];
}

function progress(entry) {
  if (isSettled(entry)) return null;
  const words = entry.state === "received" ? "Waiting for its turn" : `${count(entry.counts.read ?? 0, "row")} so far`;
  return h("div", { class: "progress" },
    h("progress", { max: entry.size || 1, value: entry.bytes_read ?? 0, "aria-label": "Read so far" }), h("p", {}, words));
}

function outcome(entry) {
  const { counts } = entry;
  if (!isSettled(entry) || !counts.read) return null;
  return h("section", {}, h("h2", {}, count(counts.read, "row"), " read"), bar(counts), legend(counts));
}

function rejects(entry, signal) {
  if (!entry.counts.rejected || entry.members) return null; // of an archive each file has its own
  const path = `ingestions/${entry.id}/rejects`;
  const said = h("div", {});
  const download = async (event) => {
    const pressed = event.currentTarget;
    pressed.disabled = true;
    try {
      const answer = await raw(path, { headers: { Accept: "text/csv" }, type: "blob", signal });
      save(answer.text, /filename="([^"]+)"/.exec(answer.header("content-disposition"))?.[1] ?? "rejects.csv");
      show(said);
    } catch (error) {
      if (error.name !== "AbortError") show(said, problem(error));
    }
    pressed.disabled = false;
  };
  return h("section", {}, h("h2", {}, "Rejected rows"),
    entry.state === "refused"
      ? h("p", { class: "muted" }, "The file was refused: none of its other rows is in the table either. Mend the file itself, and upload it again.")
      : h("p", { class: "muted" }, "They are not in the table. Download them, mend them, and upload the file: the columns ",
        hash("_line"), " and ", hash("_errors"), " may stay."),
    h("div", { class: "actions" }, button("Download as CSV", download, "primary"),
      to("Upload the corrected file", "upload", { dataset: entry.dataset, corrects: entry.id })), said,
    loaded(() => json(path, { query: { limit: PAGE }, signal }), (page) => pages(page, path, signal)));
}

function pages(first, path, signal) {
  const body = h("tbody", {});
  let { next } = first;
  const more = button("Show more", async () => {
    more.disabled = true;
    try {
      const page = await json(path, { query: { limit: PAGE, after: next }, signal });
      addRows(body, REJECTS, page.rejects.map(reject));
      announce(`${page.rejects.length} more`);
      next = page.next;
      more.hidden = !next;
    } finally {
      more.disabled = false;
    }
  });
  more.hidden = !next;
  return [table("Rejected rows", REJECTS, first.rejects.map(reject), body), h("div", { class: "actions" }, more)];
}

function save(content, name) {
  const link = h("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function details(entry) {
  const { timings } = entry;
  const columns = (entry.columns ?? []).map(({ name, column }) => [
    name, column ?? h("span", { class: "muted" }, "not loaded"),
  ]);
  const doubts = entry.format?.doubts ?? [];
  return [
    h("section", {}, h("h2", {}, "Details"), facts([
      ["Format", entry.format && format(entry.format).join(", ")],
      ["In doubt", doubts.length > 0 && doubts.join(" ")],
      ["Told, not detected", entry.format?.told?.length > 0 && entry.format.told.join(", ")],
      ["Not loaded", entry.ignored_columns?.length > 0 && entry.ignored_columns.join(", ")],
      ["Received", moment(timings.received_at)],
      ["Started", timings.started_at && moment(timings.started_at)],
      ["Finished", timings.finished_at && moment(timings.finished_at)],
      ["Attempts", number(entry.attempts)],
      ["Blob", hash(entry.blob)],
      ["SHA-256", entry.sha256 && hash(entry.sha256)],
      ["Ingestion", hash(entry.id)],
    ])),
    columns.length > 0 && h("details", {}, h("summary", {}, `Columns (${columns.length})`),
      table("Columns", [{ label: "In the file" }, { label: "In the table" }], columns)),
  ];
}
