// The list of ingestions, kept up to date while it is looked at.

import { json } from "./api.js";
import { address, announce, button, h, show, to } from "./dom.js";
import { bar, empty, outcome, problem, state, time } from "./parts.js";
import { isSettled, poll } from "./polling.js";
import { duration, number, size } from "./text.js";

const PAGE = 50;
const STATES = [
  ["", "All states"],
  ["received,loading", "On their way"],
  ["refused,failed", "With problems"],
  ...["loaded", "duplicate", "superseded", "undone"].map((name) => [name, name]),
];

export function ingestions({ title, query, signal }) {
  title.append("Ingestions");
  const asked = { dataset: query.get("dataset"), state: query.get("state"), limit: PAGE };
  const body = h("tbody", {});
  const place = h("div", { "aria-busy": "true" }, h("p", { class: "muted" }, "Loading…"));
  const lost = h("p", { class: "notice", hidden: true });
  const more = button("Show older ones", () => older());
  const rows = new Map();
  const known = new Map();
  let next;

  /** Put a page of entries into the table: those that are there are renewed, others come above or below. */
  function take(found, below) {
    const added = [];
    for (const entry of found) {
      const text = JSON.stringify(entry);
      if (known.get(entry.id)?.text === text && isSettled(entry)) continue;
      const row = line(entry);
      if (rows.has(entry.id)) {
        const focused = rows.get(entry.id).contains(document.activeElement);
        rows.get(entry.id).replaceWith(row);
        if (focused) row.querySelector("a").focus({ preventScroll: true });
        if (known.get(entry.id).state !== entry.state) announce(`${entry.filename}: ${entry.state}`);
      } else added.push(row);
      rows.set(entry.id, row);
      known.set(entry.id, { text, state: entry.state });
    }
    if (below) body.append(...added);
    else body.prepend(...added);
    if (rows.size === 0) show(place, nothing(asked));
    else if (!place.contains(body)) show(place, list(body));
    more.hidden = !next;
  }

  async function older() {
    more.disabled = true;
    try {
      const page = await json("ingestions", { query: { ...asked, after: next }, signal });
      next = page.next;
      take(page.ingestions, true);
      announce(`${page.ingestions.length} more`);
    } catch (error) {
      if (error.name !== "AbortError") show(lost, error.message);
    }
    more.disabled = false;
  }

  more.hidden = true;
  poll(async () => {
    const page = await json("ingestions", { query: asked, signal });
    if (rows.size <= PAGE) next ??= page.next;
    take(page.ingestions, false);
    place.removeAttribute("aria-busy");
    return page.ingestions.every(isSettled) ? 5 : 1;
  }, signal, (error) => {
    lost.hidden = !error;
    show(lost, error && `${error.message} Trying again.`);
  }).catch((error) => {
    place.removeAttribute("aria-busy");
    if (error.name !== "AbortError") show(place, problem(error));
  });
  return [title, filters(asked, signal), lost, place, h("div", { class: "actions" }, more)];
}

function filters(asked, signal) {
  const datasets = h("select", { id: "dataset" }, option("", "All datasets", asked.dataset));
  if (asked.dataset) datasets.append(option(asked.dataset, asked.dataset, asked.dataset));
  json("datasets", { query: { limit: 100 }, signal })
    .then(({ datasets: found }) =>
      datasets.append(...found.filter(({ name }) => name !== asked.dataset).map(({ name }) => option(name, name))))
    .catch(() => {}); // the list itself says what is wrong
  const states = h("select", { id: "state" }, STATES.map(([value, label]) => option(value, label, asked.state)));
  const go = () => location.assign(address("ingestions", { dataset: datasets.value, state: states.value }));
  return h("form", { class: "filters", role: "search", onchange: go },
    h("div", { class: "field" }, h("label", { for: "dataset" }, "Dataset"), datasets),
    h("div", { class: "field" }, h("label", { for: "state" }, "State"), states));
}

const option = (value, label, chosen) => h("option", { value, selected: value === (chosen ?? "") }, label);

const list = (body) =>
  h("div", { class: "scroll", role: "region", "aria-label": "Ingestions", tabindex: "0" },
    h("table", { class: "ingestions" }, h("thead", {}, h("tr", {},
      ["File", "State", "Rows", "Outcome", "Duration", "Received"].map((label, at) =>
        h("th", { scope: "col", class: CLASSES[at] }, label)))), body));

const CLASSES = ["", "", "number", "outcome minor", "number minor", "number minor"];

function line(entry) {
  const { counts, timings } = entry;
  const cells = [
    [to(entry.filename, "ingestions", entry.id),
      h("div", { class: "muted" }, entry.dataset, " · ", size(entry.size))],
    [state(entry.state), entry.error && h("div", { class: "clip muted", title: entry.error.detail }, entry.error.detail)],
    number(counts.read),
    counts.read > 0 && isSettled(entry) ? [bar(counts), h("div", { class: "muted" }, outcome(counts))] : null,
    duration(timings.load_milliseconds),
    time(timings.received_at),
  ];
  return h("tr", {}, cells.map((cell, at) => h("td", { class: CLASSES[at] }, cell)));
}

function nothing({ dataset, state: wanted }) {
  if (dataset || wanted) {
    return empty("No ingestion fits the filter", "Choose another dataset or state, or ",
      to("see all of them", "ingestions"), ".");
  }
  return empty("Nothing was loaded yet", to("Upload a CSV file", "upload"),
    ", or put one into the storage container ", h("code", {}, "uploads"), ", in a folder with the dataset’s name. It appears here by itself.");
}
