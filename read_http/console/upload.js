// The upload page: dataset, file format, chosen files. It keeps running while other pages are shown.

import { message, muted } from "./components.js";
import { datasetNames } from "./datasets.js";
import { announce, button, h, link, setContent } from "./dom.js";
import { formatCount, formatSize } from "./formatting.js";
import { UploadFile } from "./upload_file.js";

const PARALLEL_UPLOADS = 2;
const OPEN_PREVIEWS = 3;
const DATASET_ITEM = "dataset";
const FORMAT_SELECTS = [
  ["delimiter", "Separator", "detected", "comma semicolon tab pipe space"],
  ["header_line", "Header line", "detected", "1 2 3 4 none"],
  ["decimal", "Decimal separator", "default (point)", "point comma"],
  ["thousands", "Thousands separator", "default (none)", "comma point space apostrophe"],
];
const FORMAT_INPUTS = [
  ["encoding", "Encoding", "detected", "For example cp1252"],
  ["key", "Key of a new table", "No key: files add rows", "Column names separated by commas"],
];
let form = null;

/** The page; `?dataset=` selects a dataset, `?corrects=` is the ingestion whose rejected rows the files correct. */
export function uploadPage({ title, query, signal }) {
  title.append("Upload CSV files");
  form ??= createForm();
  form.open(query.get("dataset"), query.get("corrects"), signal);
  return [title, form.element];
}

function createForm() {
  let files = [];
  let corrects = null;
  const names = h("datalist", { id: "names" });
  const dataset = h("input", { id: "dataset", list: "names", required: true, autocomplete: "off", spellcheck: "false",
    autocapitalize: "none", pattern: "[a-z][a-z0-9_]{0,47}", "aria-describedby": "dataset-hint", onchange: refreshPreviews });
  const format = formatOptions(refreshPreviews);
  const input = h("input.visually-hidden", { type: "file", id: "files", multiple: true, onchange: () => {
    add(input.files);
    input.value = "";
  } });
  const dropZone = h("div.drop-zone.box", input, h("label.button", { for: "files" }, "Choose files"),
    h("p", "or drop them anywhere on this page"),
    muted("CSV, TSV or other delimited text, also compressed (gzip, zip, zstd, bzip2).", h("br"),
      "You get a preview first; nothing is uploaded until you press Upload."));
  const correction = h("div");
  const fileList = h("ul.stack", { "aria-label": "Files" });
  const status = h("p.muted", { role: "status" });
  const submit = h("button.primary", "Upload");
  const footer = h("div.footer.box", { hidden: true }, status, button("Clear", clear), submit);
  const element = h("form.stack", { novalidate: true, onsubmit: upload }, correction,
    h("div.field", h("label", { for: "dataset" }, "Dataset"), dataset, names,
      h("p.muted", { id: "dataset-hint" }, "An existing dataset or a new name: a-z, 0-9 and _, starting with a letter.")),
    dropZone, format.element, fileList, footer);
  const parameters = () => ({ dataset: dataset.value.trim(), ...format.read(), ...(corrects && { corrects }) });
  const preview = (file) => file.preview(parameters(), files.length <= OPEN_PREVIEWS);

  function open(datasetName, correctedIngestion, signal) {
    corrects = correctedIngestion;
    dataset.value = datasetName ?? (dataset.value || sessionStorage.getItem(DATASET_ITEM) || "");
    setContent(correction, corrects && message("", "These files correct rejected rows of ",
      link("an earlier ingestion", "ingestions", corrects), ". ", link("Upload other files", "upload")));
    refreshPreviews();
    datasetNames(signal).then((existing) => {
      setContent(names, existing.map((name) => h("option", { value: name })));
      if (dataset.value || existing.length !== 1 || document.activeElement === dataset) return;
      dataset.value = existing[0];
      refreshPreviews();
    });
  }

  function add(chosen) {
    const added = Array.from(chosen, (file) => new UploadFile(file, updateFooter));
    files.push(...added);
    fileList.append(...added.map((file) => file.element));
    announce(`${formatCount(added.length, "file")} chosen`);
    added.forEach(preview);
    if (!dataset.value) dataset.focus();
  }

  /** Request new previews if a parameter changed. */
  function refreshPreviews() {
    validateDataset();
    const current = JSON.stringify(parameters());
    for (const file of files) if ((file.isPending || file.is("refused")) && file.parameters !== current) preview(file);
  }

  function validateDataset() {
    const isValid = dataset.checkValidity();
    dataset.setAttribute("aria-invalid", String(!isValid && dataset.value !== ""));
    return isValid;
  }

  function updateFooter() {
    files = files.filter((file) => !file.is("removed"));
    footer.hidden = files.length === 0;
    const pending = files.filter((file) => file.isPending);
    const countOf = (...stages) => files.filter((file) => file.is(...stages)).length;
    const [inspected, skipped] = [countOf("inspecting"), countOf("refused", "failed")];
    submit.disabled = !pending.length || inspected > 0;
    setContent(submit, pending.length ? `Upload ${formatCount(pending.length, "file")}` : "Upload");
    const bytes = pending.reduce((sum, { file }) => sum + file.size, 0);
    setContent(status, inspected ? `Inspecting ${formatCount(inspected, "file")}…`
      : pending.length ? `${formatSize(bytes)} into ${dataset.value || "…"}`
        : files.some((file) => file.isActive) ? `${formatCount(countOf("queued", "uploading", "loading"), "file")} in progress`
          : skipped ? `${formatCount(skipped, "file")} not uploaded` : "All files finished");
  }

  function clear() {
    for (const file of [...files]) if (!file.isActive) file.remove();
    input.focus();
  }

  async function upload(event) {
    event.preventDefault();
    if (!validateDataset()) {
      dataset.setAttribute("aria-invalid", "true");
      return dataset.focus();
    }
    sessionStorage.setItem(DATASET_ITEM, dataset.value);
    const [queue, query] = [files.filter((file) => file.isPending), parameters()];
    for (const file of queue) file.enqueue();
    const worker = async () => {
      for (let file; (file = queue.shift()); ) if (file.is("queued")) await file.upload(query);
    };
    await Promise.all(Array.from({ length: PARALLEL_UPLOADS }, worker));
  }

  acceptDrops(dropZone, add, () => element.isConnected);
  addEventListener("beforeunload", (event) => {
    if (files.some((file) => file.is("queued", "uploading"))) event.preventDefault();
  });
  return { element, open };
}

/** The options that override the detected format, and `read`, which returns them without the empty ones. */
function formatOptions(onchange) {
  const inputs = {};
  const field = (name, label, input, hint) => {
    inputs[name] = input;
    return h("div.field", h("label", { for: input.id }, label), input, hint && h("p.muted", { id: `${input.id}-hint` }, hint));
  };
  const selectField = ([name, label, defaultLabel, values]) =>
    field(name, label, h("select", { id: `option-${name}` }, h("option", { value: "" }, defaultLabel),
      values.split(" ").map((value) => h("option", value))));
  const inputField = ([name, label, placeholder, hint]) =>
    field(name, label, h("input", { id: `option-${name}`, placeholder, autocomplete: "off",
      spellcheck: "false", "aria-describedby": `option-${name}-hint` }), hint);
  const element = h("details", { onchange }, h("summary", "File format"),
    muted("The format is detected. If the preview looks wrong, set it here."),
    h("div.grid", FORMAT_SELECTS.map(selectField), FORMAT_INPUTS.map(inputField)));
  const read = () => Object.fromEntries(Object.keys(inputs).map((name) => [name, inputs[name].value.trim()])
    .filter(([, value]) => value));
  return { element, read };
}

/** Accept files dropped anywhere while the page is shown. On other pages a drop does nothing, not even navigate. */
function acceptDrops(zone, add, isShown) {
  const on = (name, listener) => addEventListener(name, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // dragging text keeps its default behaviour
    event.preventDefault();
    zone.classList.toggle("drag-over", name === "dragover" && isShown());
    listener?.(event);
  });
  on("dragover");
  on("drop", ({ dataTransfer }) => isShown() && add(dataTransfer.files));
  addEventListener("dragleave", (event) => event.relatedTarget || zone.classList.remove("drag-over"));
}
