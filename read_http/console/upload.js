// Files on their way in: chosen or dropped, looked at, sent. It lives on while other views are shown.

import { json } from "./api.js";
import { announce, button, h, show, to } from "./dom.js";
import { Item } from "./item.js";
import { options } from "./options.js";
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
  const names = h("datalist", { id: "names" });
  const dataset = h("input", { id: "dataset", list: "names", required: true, autocomplete: "off", spellcheck: "false",
    autocapitalize: "none", pattern: "[a-z][a-z0-9_]{0,47}", "aria-describedby": "dataset-hint", onchange: again });
  const told = options(again);
  const input = h("input", { type: "file", id: "files", multiple: true, class: "unseen", onchange: () => {
    add(input.files);
    input.value = "";
  } });
  const drop = h("div", { class: "drop" }, input,
    h("label", { for: "files", class: "button" }, "Choose files"), h("p", {}, "or drop them anywhere on this page"),
    h("p", { class: "muted" }, "CSV, TSV or text in any encoding, also as gzip, zip, zstd or bzip2.", h("br"),
      "You see what would become of each file before anything is sent."));
  const correcting = h("div", {});
  const cards = h("ul", { class: "files", "aria-label": "Files" });
  const words = h("p", { class: "muted", role: "status" });
  const go = h("button", { class: "primary" }, "Send");
  const foot = h("div", { class: "foot", hidden: true }, words, button("Clear", clear), go);
  const element = h("form", { class: "stack", novalidate: true, onsubmit: send },
    correcting,
    h("div", { class: "field" }, h("label", { for: "dataset" }, "Dataset"), dataset, names,
      h("p", { class: "hint", id: "dataset-hint" }, "One that exists, or a new name: lower case letters, digits and underscores.")),
    drop, told.element, cards, foot);
  const parameters = () => ({ dataset: dataset.value.trim(), ...told.read(), ...(corrects ? { corrects } : {}) });

  function open(wanted, corrected, signal) {
    const isOther = (wanted && wanted !== dataset.value) || corrected !== corrects;
    corrects = corrected;
    dataset.value = wanted ?? (dataset.value || sessionStorage.getItem(REMEMBERED) || "");
    show(correcting, corrects && h("p", { class: "notice" }, "These files correct rejected rows of ",
      to("an earlier ingestion", "ingestions", corrects), ". ", to("Upload something else", "upload")));
    json("datasets", { query: { limit: 100 }, signal }).then(({ datasets }) => {
      show(names, datasets.map(({ name }) => h("option", { value: name })));
      if (!dataset.value && datasets.length === 1 && document.activeElement !== dataset) {
        dataset.value = datasets[0].name;
        again();
      }
    }).catch(() => {}); // a name can be typed without the list
    if (isOther) again();
  }

  function add(files) {
    const added = Array.from(files, (file) => new Item(file, changed));
    items.push(...added);
    cards.append(...added.map((item) => item.element));
    announce(`${count(added.length, "file")} chosen`);
    for (const item of added) item.look(parameters(), items.length < 4);
    if (!dataset.value) dataset.focus();
  }

  /** Look again, where something else is told than before. */
  function again() {
    check();
    for (const item of items) {
      const isUnsent = item.isWaiting || item.stage === "refused";
      if (isUnsent && item.looked !== JSON.stringify(parameters())) item.look(parameters(), items.length < 4);
    }
  }

  function check() {
    const isWrong = dataset.value !== "" && !dataset.checkValidity();
    dataset.setAttribute("aria-invalid", String(isWrong));
    return !isWrong && dataset.value !== "";
  }

  function changed(left) {
    if (left) items = items.filter((item) => item !== left);
    const waiting = items.filter((item) => item.isWaiting);
    const bytes = waiting.reduce((sum, { file }) => sum + file.size, 0);
    foot.hidden = items.length === 0;
    go.disabled = waiting.length === 0 || waiting.some(({ stage }) => stage === "looking");
    go.textContent = waiting.length ? `Send ${count(waiting.length, "file")}` : "Send";
    const under = items.filter((item) => ["queued", "sending", "loading"].includes(item.stage)).length;
    show(words, waiting.length ? `${size(bytes)} into ${dataset.value || "…"}`
      : under ? `${count(under, "file")} under way` : "All done");
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
      for (let item; (item = waiting.shift()); ) if (item.stage === "queued") await item.send(query);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  catchDrops(drop, add, () => element.isConnected);
  addEventListener("beforeunload", (event) => {
    if (items.some((item) => item.isUnderWay)) event.preventDefault();
  });
  return { element, open };
}

/** Files may be dropped anywhere while the view is shown; elsewhere a drop does nothing, instead of leaving. */
function catchDrops(zone, add, isShown) {
  const over = (is) => zone.classList.toggle("over", is);
  addEventListener("dragover", (event) => {
    event.preventDefault();
    over(isShown());
  });
  addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (isShown()) add(event.dataTransfer.files);
  });
}
