// Files on their way in: chosen or dropped, looked at, sent. It lives on while other views are shown.

import { names } from "./datasets.js";
import { announce, button, h, show, to } from "./dom.js";
import { Item } from "./item.js";
import { options } from "./options.js";
import { muted, note } from "./parts.js";
import { count, size } from "./text.js";

const AT_ONCE = 2;
const REMEMBERED = "dataset";
let view = null;

/** The view; `?dataset=` chooses one, `?corrects=` says whose rejected rows the files correct. */
export function upload({ title, query, signal }) {
  title.append("Upload CSV files");
  view ??= make();
  view.open(query.get("dataset"), query.get("corrects"), signal);
  return [title, view.element];
}

function make() {
  let items = [];
  let corrects = null;
  const known = h("datalist", { id: "names" });
  const dataset = h("input", { id: "dataset", list: "names", required: true, autocomplete: "off", spellcheck: "false",
    autocapitalize: "none", pattern: "[a-z][a-z0-9_]{0,47}", "aria-describedby": "dataset-hint", onchange: again });
  const told = options(again);
  const input = h("input.unseen", { type: "file", id: "files", multiple: true, onchange: () => {
    add(input.files);
    input.value = "";
  } });
  const drop = h("div.drop.box", input, h("label.button", { for: "files" }, "Choose files"),
    h("p", "or drop them anywhere on this page"),
    muted("CSV, TSV or text in any encoding, also as gzip, zip, zstd or bzip2.", h("br"),
      "You see what would become of each file before anything is sent."));
  const correcting = h("div");
  const cards = h("ul.stack", { "aria-label": "Files" });
  const words = h("p.muted", { role: "status" });
  const go = h("button.primary", "Send");
  const foot = h("div.foot.box", { hidden: true }, words, button("Clear", clear), go);
  const element = h("form.stack", { novalidate: true, onsubmit: send }, correcting,
    h("div.field", h("label", { for: "dataset" }, "Dataset"), dataset, known,
      h("p.muted", { id: "dataset-hint" }, "One that exists, or a new name: lower case letters, digits and underscores.")),
    drop, told.element, cards, foot);
  const parameters = () => ({ dataset: dataset.value.trim(), ...told.read(), ...(corrects && { corrects }) });
  const look = (item) => item.look(parameters(), items.length < 4);

  function open(wanted, corrected, signal) {
    corrects = corrected;
    dataset.value = wanted ?? (dataset.value || sessionStorage.getItem(REMEMBERED) || "");
    show(correcting, corrects && note("", "These files correct rejected rows of ",
      to("an earlier ingestion", "ingestions", corrects), ". ", to("Upload something else", "upload")));
    again();
    names(signal).then((found) => {
      show(known, found.map((name) => h("option", { value: name })));
      if (dataset.value || found.length !== 1 || document.activeElement === dataset) return;
      dataset.value = found[0];
      again();
    });
  }

  function add(files) {
    const added = Array.from(files, (file) => new Item(file, changed));
    items.push(...added);
    cards.append(...added.map((item) => item.element));
    announce(`${count(added.length, "file")} chosen`);
    added.forEach(look);
    if (!dataset.value) dataset.focus();
  }

  /** Look again, where something else is told than before. */
  function again() {
    check();
    const now = JSON.stringify(parameters());
    for (const item of items) if ((item.isWaiting || item.is("refused")) && item.looked !== now) look(item);
  }

  function check() {
    const isRight = dataset.checkValidity();
    dataset.setAttribute("aria-invalid", String(!isRight && dataset.value !== ""));
    return isRight;
  }

  function changed() {
    items = items.filter((item) => !item.is("left"));
    foot.hidden = items.length === 0;
    const waiting = items.filter((item) => item.isWaiting);
    const number = (...stages) => items.filter((item) => item.is(...stages)).length;
    const [looking, out] = [number("looking"), number("refused", "failed")];
    go.disabled = !waiting.length || looking > 0;
    show(go, waiting.length ? `Send ${count(waiting.length, "file")}` : "Send");
    const bytes = waiting.reduce((sum, { file }) => sum + file.size, 0);
    show(words, looking ? `Looking into ${count(looking, "file")}`
      : waiting.length ? `${size(bytes)} into ${dataset.value || "…"}`
        : items.some((item) => item.isUnderWay) ? `${count(number("queued", "sending", "loading"), "file")} under way`
          : out ? `${count(out, "file")} not sent` : "All done");
  }

  function clear() {
    for (const item of [...items]) if (!item.isUnderWay) item.leave();
    input.focus();
  }

  async function send(event) {
    event.preventDefault();
    if (!check()) {
      dataset.setAttribute("aria-invalid", "true");
      return dataset.focus();
    }
    sessionStorage.setItem(REMEMBERED, dataset.value);
    const [waiting, query] = [items.filter((item) => item.isWaiting), parameters()];
    for (const item of waiting) item.wait();
    const work = async () => {
      for (let item; (item = waiting.shift()); ) if (item.is("queued")) await item.send(query);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  catchDrops(drop, add, () => element.isConnected);
  addEventListener("beforeunload", (event) => {
    if (items.some((item) => item.is("queued", "sending"))) event.preventDefault();
  });
  return { element, open };
}

/** Files may be dropped anywhere while the view is shown; elsewhere a drop does nothing, instead of leaving. */
function catchDrops(zone, add, isShown) {
  const on = (name, listener) => addEventListener(name, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // text may be dragged as ever
    event.preventDefault();
    zone.classList.toggle("over", name === "dragover" && isShown());
    listener?.(event);
  });
  on("dragover");
  on("drop", ({ dataTransfer }) => isShown() && add(dataTransfer.files));
  addEventListener("dragleave", (event) => event.relatedTarget || zone.classList.remove("over"));
}
