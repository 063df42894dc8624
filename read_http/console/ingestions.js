// The list of ingestions, kept up to date while it is looked at.

import { json } from "./api.js";
import { names } from "./datasets.js";
import { address, announce, h, show, to } from "./dom.js";
import { bar, empty, muted, outcome, state, time } from "./parts.js";
import { isSettled } from "./request.js";
import { paged } from "./tables.js";
import { duration, number, size } from "./text.js";

const STATES = [
  ["", "All states"], ["received,loading", "On their way"], ["refused,failed", "With problems"],
  ...["loaded", "duplicate", "superseded", "undone"].map((name) => [name, name]),
];
const COLUMNS = [
  { label: "File", class: "file" }, "State", { label: "Rows", class: "number" }, { label: "Outcome", class: "outcome minor" },
  { label: "Duration", class: "number minor" }, { label: "Received", class: "number minor" },
];

export function ingestions({ title, query, signal }) {
  title.append("Ingestions");
  const dataset = choice("dataset", "Dataset", [["", "All datasets"]], query.get("dataset"));
  const wanted = choice("state", "State", STATES, query.get("state"));
  const place = h("div.stack.whole");
  let listing = new AbortController();

  function fill() {
    listing.abort();
    listing = new AbortController();
    const asked = { dataset: dataset.value, state: wanted.value };
    show(place, list(asked, AbortSignal.any([signal, listing.signal])));
    return asked;
  }

  names(signal).then((found) =>
    dataset.append(...found.filter((name) => name !== query.get("dataset")).map((name) => h("option", name))));
  fill();
  const onchange = () => history.pushState(null, "", address("ingestions", fill())); // the focus stays where it is
  return [title, h("form.filters", { role: "search", onchange }, dataset.parentNode, wanted.parentNode), place];
}

/** A field of the filter: its select, which holds what the address says, whatever that is. */
function choice(id, label, known, chosen) {
  const every = known.some(([value]) => value === (chosen ?? "")) ? known : [...known, [chosen, chosen]];
  const select = h("select", { id }, every.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  h("div.field", h("label", { for: id }, label), select);
  return select;
}

function list(asked, signal) {
  const known = new Map();
  const ask = (after) => json("ingestions", { query: { ...asked, limit: 50, after }, signal });
  const rows = ({ ingestions: found }) => found.map((entry) => {
    const before = known.get(entry.id);
    if (before && before !== entry.state) announce(`${entry.filename}: ${entry.state}`);
    known.set(entry.id, entry.state);
    return line(entry);
  });
  const again = ({ ingestions: found }) => (found.every(isSettled) ? 3 : 1);
  return paged("Ingestions", COLUMNS, ask, rows, { signal, nothing: nothing(asked), again });
}

function line({ id, filename, dataset, size: bytes, state: name, error, counts, timings }) {
  return [
    [to(filename, "ingestions", id), muted(dataset, " · ", size(bytes))],
    [state(name), error && h("p.muted.clip", { title: error.detail }, error.detail)],
    number(counts.read),
    counts.read > 0 && ["loaded", "refused"].includes(name) && [bar(counts), muted(outcome(counts))],
    duration(timings.load_milliseconds), time(timings.received_at),
  ];
}

const nothing = ({ dataset, state: wanted }) =>
  dataset || wanted
    ? empty("No ingestion fits the filter", "Choose another dataset or state, or ", to("see all of them", "ingestions"), ".")
    : empty("Nothing was loaded yet", to("Upload a CSV file", "upload"), ", or put one into the storage container ",
      h("code", "uploads"), ", in a folder with the dataset’s name. It appears here by itself.");
