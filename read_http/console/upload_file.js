// One chosen file on the upload page: its preview (a dry run), its upload, its load.

import { pollIngestion } from "./api.js";
import { cellValue, countsChart, errorMessage, message, muted, stateLabel, warningTexts } from "./components.js";
import { announce, button, h, link, setContent } from "./dom.js";
import { describeChange, describeFormat, formatCount, formatNumber, formatSize } from "./formatting.js";
import { REJECT_COLUMNS, dataColumns, rejectCells, table } from "./tables.js";
import { dryRun, uploadFile } from "./upload_transfer.js";

let previewQueue = Promise.resolve();

export class UploadFile {
  /** `onchange` is called at each stage: new, inspecting, ready, refused, queued, uploading, loading, failed, done, removed. */
  constructor(file, onchange) {
    Object.assign(this, { file, onchange, stage: "new", body: h("div.stack") });
    this.removeButton = button("", () => this.remove(), "quiet");
    this.setRemoveLabel("Remove");
    this.element = h("li.card.box",
      h("div.card-header", h("h2", file.name), muted(formatSize(file.size)), this.removeButton), this.body);
  }

  is(...stages) {
    return stages.includes(this.stage);
  }

  /** Whether the next upload includes the file. */
  get isPending() {
    return this.is("new", "inspecting", "ready");
  }

  get isActive() {
    return this.is("queued", "uploading", "loading");
  }

  setStage(stage, ...content) {
    this.stage = stage;
    if (content.length) setContent(this.body, ...content);
    this.onchange();
  }

  /** Label the button that removes the file; an empty label hides it. */
  setRemoveLabel(label) {
    this.removeButton.hidden = !label;
    setContent(this.removeButton, label, h("span.visually-hidden", ` ${this.file.name}`));
  }

  remove() {
    this.task?.abort();
    this.element.remove();
    this.setStage("removed");
  }

  /** Run `task` with a signal, which the next task or the removal of the file aborts. */
  async run(task, onerror) {
    this.task?.abort();
    const { signal } = (this.task = new AbortController());
    try {
      await task(signal);
    } catch (error) {
      if (error.name !== "AbortError") onerror(error);
    }
  }

  /** Show the preview, which requires a dataset. Files are previewed one after the other. */
  preview(parameters, isOpen) {
    this.parameters = JSON.stringify(parameters);
    if (!parameters.dataset) return this.setStage("new", muted("Choose a dataset to see the preview."));
    this.setStage("inspecting", h("p.muted.busy", "Inspecting the file…"));
    return this.run(async (signal) => {
      const result = previewQueue.then(() => dryRun(this.file, parameters, signal));
      previewQueue = result.catch(() => {});
      const preview = await result;
      const isRefused = preview.files.every((file) => file.would_be === "refused");
      this.setStage(isRefused ? "refused" : "ready", previewContent(preview, isOpen), isRefused && this.uploadAnyway());
    }, (error) => {
      if (error.status === 0) return this.setStage("ready", message("warn", error.message));
      if (error.status === 400) return this.setStage("refused", errorMessage(error));
      this.setStage("ready", errorMessage(error, () => this.preview(parameters, isOpen)));
    });
  }

  uploadAnyway() {
    const confirm = button("Upload it anyway", () => {
      choice.remove();
      this.setStage("ready");
    });
    const choice = h("div.actions", muted("This file will be skipped."), confirm, muted("It will be recorded as refused."));
    return choice;
  }

  enqueue() {
    this.task?.abort();
    this.setStage("queued", muted("Waiting to be uploaded"));
  }

  /** Upload the file, then show the progress of its load. */
  upload(parameters) {
    const onerror = (error) => {
      this.setRemoveLabel("Remove");
      this.setStage("failed", errorMessage(error, () => this.upload(parameters)));
    };
    return this.run(async (signal) => {
      const { size, name } = this.file;
      const [meter, status] = this.showProgress("uploading", "Upload", "Uploading");
      this.setRemoveLabel("Stop");
      const getIngestion = await uploadFile(this.file, parameters, signal, {
        onprogress: (bytes) => {
          meter.value = Math.min(bytes, size);
          setContent(status, `Uploading: ${formatSize(meter.value)} of ${formatSize(size)}`);
        },
        onretry: (error, pause) => setContent(status, `${error.message} Retrying in ${pause} s…`),
      });
      announce(`${name}: upload complete`);
      // Not awaited: the next upload starts while this file is loaded.
      this.followLoad(getIngestion, signal).catch((error) => error.name === "AbortError" || onerror(error));
    }, onerror);
  }

  showProgress(stage, label, text) {
    const meter = h("progress", { max: this.file.size || 1, "aria-label": `${label} of ${this.file.name}` });
    const status = muted(text);
    this.setStage(stage, h("div.progress", meter, status));
    return [meter, status];
  }

  async followLoad(getIngestion, signal) {
    const [meter, status] = this.showProgress("loading", "Load", "Upload complete. Waiting for the load to start.");
    this.setRemoveLabel("");
    this.showResult(await pollIngestion(getIngestion, ({ state, size, bytes_read: read, counts }) => {
      if (state !== "loading") return;
      meter.max = size || 1;
      meter.value = Math.min(read ?? 0, meter.max);
      setContent(status, `Loading: ${formatCount(counts.read ?? 0, "row")} so far`);
    }, signal, (error) => setContent(status, `${error.message} Retrying…`)));
  }

  showResult({ id, state, counts, error, duplicate_of: original }) {
    const { inserted, rejected, read } = counts;
    announce(`${this.file.name}: ${state}, ${formatCount(inserted ?? 0, "row")} inserted, ${rejected ?? 0} rejected`);
    this.setRemoveLabel("Dismiss");
    this.setStage("done",
      h("p.summary", stateLabel(state), h("span", formatCount(read ?? 0, "row"), " read"), link("View details", "ingestions", id)),
      error && message("bad", error.detail),
      original && message("", "An identical file is already loaded, so nothing was changed. ",
        link("View the original ingestion", "ingestions", original)),
      state === "loaded" && read > 0 && countsChart(counts),
      state === "loaded" && rejected > 0 && message("warn", `${formatCount(rejected, "row")} rejected. `,
        link("See the reasons and download the rows", "ingestions", id)));
  }
}

/** The preview of a file, or of each file of an archive. */
const previewContent = (preview, isOpen) => preview.files.map((file) =>
  h("div.preview.stack", file.member && h("h3", file.member), previewResult(file, preview),
    muted(describeFormat(file.format).join(" · ")), previewMessages(file, preview), sampleRows(file, isOpen),
    sampleRejects(file, isOpen)));

function previewResult({ would_be: state, error, counts: { accepted, rejected, read } }, { isComplete }) {
  const part = isComplete ? "" : " of the first 8 MB";
  if (state === "refused") return message("bad", h("b", "This file would be refused: "), error.detail);
  if (!read) return message("warn", "The file has no rows: nothing would be loaded.");
  if (!rejected) return message("good", `${read === 1 ? "1 row" : `All ${formatCount(read, "row")}`}${part} would be loaded.`);
  return message("warn",
    `${formatNumber(accepted)} of ${formatCount(read, "row")}${part} would be loaded, ${formatNumber(rejected)} rejected.`);
}

function previewMessages(file, { dataset, creates, told: options }) {
  const warnings = warningTexts(file);
  const ignored = file.ignored_columns.join(", ");
  return [
    ...warnings.map((text) => message("warn", text)),
    warnings.length > 0 && muted("Wrong? Set the format under “File format”."),
    ignored && message("", `Not loaded, because the dataset does not have these columns: ${ignored}.`),
    ...(creates ? [] : file.changes.map((change) => message("", describeChange(change)))),
    creates && file.would_be !== "refused" && newDataset(dataset, file.columns.length, options?.key ?? []),
  ];
}

function newDataset(dataset, columns, key) {
  const text = `“${dataset}” does not exist yet. It will be created with ${columns === 1 ? "this column" : `these ${columns} columns`}`;
  if (key.length) return message("", `${text} and the key ${key.join(", ")}.`);
  const chooseKey = () => {
    const input = document.getElementById("option-key");
    input.closest("details").open = true;
    input.focus();
  };
  return h("div.message.actions", h("p", `${text}. No key: every file adds rows.`), button("Choose a key", chooseKey));
}

function sampleRows({ columns, rows }, isOpen) {
  const loaded = columns.filter(({ name }) => name);
  if (!columns.length) return null;
  if (!loaded.length) return h("p", "Columns of the file: ", columns.map(({ header }) => header).join(", "));
  const sample = { 0: "no rows", 1: "first row" }[rows.length] ?? `first ${rows.length} rows`;
  return h("details", { open: isOpen }, h("summary", `${formatCount(loaded.length, "column")}, ${sample}`),
    table("First rows", dataColumns(loaded), rows.map((row) => loaded.map(({ name }) => cellValue(row[name])))));
}

function sampleRejects({ rejects, counts }, isOpen) {
  if (!rejects.length) return null;
  const part = rejects.length < counts.rejected ? `First ${rejects.length} of ` : "";
  return h("details", { open: isOpen }, h("summary", `${part}${formatCount(counts.rejected, "rejected row")}`),
    table("Rejected rows", REJECT_COLUMNS, rejects.map(rejectCells)));
}
