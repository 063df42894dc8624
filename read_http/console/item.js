// One chosen file: its preview, its way to storage, its load.

import { announce, button, h, show, to } from "./dom.js";
import { legend, muted, note, problem, state } from "./parts.js";
import { isHopeless, outlook } from "./preview.js";
import { follow } from "./request.js";
import { preview, send } from "./sending.js";
import { count, size } from "./text.js";

let queue = Promise.resolve();

export class Item {
  /** `changed` hears of each stage: new, looking, ready, refused, queued, sending, loading, failed, done, left. */
  constructor(file, changed) {
    Object.assign(this, { file, changed, stage: "new", body: h("div.stack") });
    this.remove = button("", () => this.leave(), "quiet");
    this.offer("Remove");
    this.element = h("li.card.box", h("div.head", h("h2", file.name), muted(size(file.size)), this.remove), this.body);
  }

  is(...stages) {
    return stages.includes(this.stage);
  }

  get isWaiting() {
    return this.is("new", "looking", "ready");
  }

  get isUnderWay() {
    return this.is("queued", "sending", "loading");
  }

  enter(stage, ...shown) {
    this.stage = stage;
    if (shown.length) show(this.body, ...shown);
    this.changed();
  }

  /** What its button is for; without a word there is none. */
  offer(word) {
    this.remove.hidden = !word;
    show(this.remove, word, h("span.unseen", ` ${this.file.name}`));
  }

  leave() {
    this.task?.abort();
    this.element.remove();
    this.enter("left");
  }

  /** What `run` does, with a signal that the next task, or the file's removal, aborts. */
  async begin(run, failed) {
    this.task?.abort();
    const { signal } = (this.task = new AbortController());
    try {
      await run(signal);
    } catch (error) {
      if (error.name !== "AbortError") failed(error);
    }
  }

  /** Ask for the preview, one file after the other; without a dataset there is none. */
  look(told, isOpen) {
    this.looked = JSON.stringify(told);
    if (!told.dataset) return this.enter("new", muted("The preview appears once a dataset is chosen."));
    this.enter("looking", h("p.muted.busy", "Looking into the file…"));
    return this.begin(async (signal) => {
      const turn = queue.then(() => preview(this.file, told, signal));
      queue = turn.catch(() => {});
      const found = await turn;
      this.enter(isHopeless(found) ? "refused" : "ready", outlook(found, isOpen), isHopeless(found) && this.insist());
    }, (error) => {
      const again = error.status !== 400 && (() => this.look(told, isOpen));
      this.enter(error.status === 400 ? "refused" : "ready", error.status === 0 ? note("warn", error.message) : problem(error, again));
    });
  }

  insist() {
    const anyway = button("Send it anyway", () => {
      choice.remove();
      this.enter("ready");
    });
    const choice = h("div.actions", anyway, muted("It is left out when the files are sent."));
    return choice;
  }

  /** It will be sent when those before it are. */
  wait() {
    this.task?.abort();
    this.enter("queued", muted("Waiting to be sent"));
  }

  /** Send the file, and follow its load when it is stored. */
  send(told) {
    const failed = (error) => {
      this.offer("Remove");
      this.enter("failed", problem(error, () => this.send(told)));
    };
    return this.begin(async (signal) => {
      const { size: all, name } = this.file;
      const [meter, words] = this.progress("sending", "Upload", "Uploading");
      this.offer("Stop");
      const ask = await send(this.file, told, signal, {
        progress: (bytes) => {
          meter.value = Math.min(bytes, all);
          show(words, `Uploading: ${size(meter.value)} of ${size(all)}`);
        },
        lost: (error, pause) => show(words, `${error.message} Trying again in ${pause} s; what arrived is kept.`),
      });
      announce(`${name} is stored`);
      this.follow(ask, signal).catch((error) => error.name === "AbortError" || failed(error)); // the next file need not wait
    }, failed);
  }

  progress(stage, what, text) {
    const meter = h("progress", { max: this.file.size || 1, "aria-label": `${what} of ${this.file.name}` });
    const words = muted(text);
    this.enter(stage, h(`div.progress.${stage}`, meter, words));
    return [meter, words];
  }

  async follow(ask, signal) {
    const [meter, words] = this.progress("loading", "Load", "Stored. Waiting for its turn");
    this.offer("");
    const last = await follow(ask, ({ state: name, size: all, bytes_read: read, counts }) => {
      if (name !== "loading") return;
      meter.max = all || 1;
      meter.value = Math.min(read ?? 0, meter.max);
      show(words, `Loading: ${count(counts.read ?? 0, "row")} so far`);
    }, signal, (error) => show(words, `${error.message} Trying again.`));
    this.settle(last);
  }

  settle({ id, state: name, counts, error, duplicate_of: twin }) {
    const { inserted, rejected, read } = counts;
    announce(`${this.file.name}: ${name}, ${count(inserted ?? 0, "row")} inserted, ${rejected ?? 0} rejected`);
    this.offer("Dismiss");
    this.enter("done",
      h("p.summary", state(name), h("span", count(read ?? 0, "row"), " read"), to("See what became of them", "ingestions", id)),
      error && note("bad", error.detail),
      twin && note("", "The same bytes are loaded already: nothing was done. See ", to("that ingestion", "ingestions", twin), "."),
      name === "loaded" && read > 0 && legend(counts),
      name === "loaded" && rejected > 0 && note("warn", `${count(rejected, "row")} rejected. `,
        to("See why, download and mend them", "ingestions", id), "."));
  }
}
