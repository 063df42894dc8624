// One chosen file: its preview, its way to storage, its load.

import { announce, button, h, show, to } from "./dom.js";
import { bar, legend, problem, state } from "./parts.js";
import { follow } from "./polling.js";
import { isHopeless, outlook } from "./preview.js";
import { preview, send } from "./sending.js";
import { count, size } from "./text.js";

let queue = Promise.resolve();

export class Item {
  /** `changed` hears of each change of `stage`: new, looking, ready, refused, sending, loading, done. */
  constructor(file, changed) {
    this.file = file;
    this.changed = changed;
    this.stage = "new";
    this.body = h("div", { class: "stack" });
    this.remove = button("Remove", () => this.leave(), "quiet", { "aria-label": `Remove ${file.name}` });
    this.element = h("li", { class: "card" },
      h("div", { class: "head" }, h("h2", {}, file.name), h("span", { class: "muted" }, size(file.size)), this.remove),
      this.body);
  }

  get isWaiting() {
    return ["new", "looking", "ready"].includes(this.stage);
  }

  get isUnderWay() {
    return this.stage === "sending";
  }

  enter(stage) {
    this.stage = stage;
    this.changed();
  }

  leave() {
    this.task?.abort();
    this.stage = "left";
    this.element.remove();
    this.changed(this);
  }

  /** What `run` does, with a signal that the next task, or the file's removal, aborts. */
  async begin(run) {
    this.task?.abort();
    const task = (this.task = new AbortController());
    try {
      await run(task.signal);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  /** Ask for the preview, one file after the other; without a dataset there is none. */
  look(told, isOpen) {
    this.again = () => this.look(told, isOpen);
    this.looked = JSON.stringify(told);
    if (!told.dataset) {
      this.enter("new");
      return show(this.body, h("p", { class: "muted" }, "The preview appears once a dataset is chosen."));
    }
    this.enter("looking");
    show(this.body, h("p", { class: "muted busy" }, "Looking into the file…"));
    return this.begin(async (signal) => {
      const turn = (queue = queue.then(() => preview(this.file, told, signal)).catch((error) => ({ error })));
      const found = await turn;
      if (signal.aborted) return;
      this.tell(found, isOpen);
    });
  }

  tell(found, isOpen) {
    if (found.error) {
      show(this.body, found.error.status ? problem(found.error, this.again) : h("p", { class: "notice" }, found.error.message));
      return this.enter(found.error.status === 400 ? "refused" : "ready");
    }
    show(this.body, outlook(found, isOpen));
    if (!isHopeless(found)) return this.enter("ready");
    const anyway = button("Send it anyway", () => {
      left.remove();
      this.enter("ready");
    });
    const left = h("div", { class: "actions" }, anyway, h("span", { class: "muted" }, "It is left out when the files are sent."));
    this.body.append(left);
    return this.enter("refused");
  }

  /** It will be sent when those before it are. */
  wait() {
    this.task?.abort();
    show(this.body, h("p", { class: "muted" }, "Waiting to be sent"));
    this.enter("queued");
  }

  /** Send the file, and follow its load when it is stored. */
  send(told) {
    this.enter("sending");
    const meter = h("progress", { max: this.file.size || 1, value: 0, "aria-label": `Upload of ${this.file.name}` });
    const words = h("p", { class: "muted" }, "Uploading");
    show(this.body, h("div", { class: "progress" }, meter, words));
    this.remove.textContent = "Stop";
    this.remove.setAttribute("aria-label", `Stop ${this.file.name}`);
    return this.begin(async (signal) => {
      try {
        const ask = await send(this.file, told, signal, {
          progress: (bytes) => {
            meter.value = Math.min(bytes, this.file.size);
            show(words, `Uploading: ${size(meter.value)} of ${size(this.file.size)}`);
          },
          lost: (error, pause) => show(words, `${error.message} Trying again in ${pause} s; what arrived is kept.`),
        });
        this.enter("loading");
        this.remove.hidden = true;
        this.follow(ask, signal).catch((error) => this.fail(error, told)); // the next file need not wait for it
      } catch (error) {
        this.fail(error, told);
      }
    });
  }

  fail(error, told) {
    if (error.name === "AbortError") return;
    show(this.body, problem(error, () => this.send(told)));
    this.remove.hidden = false;
    this.enter("failed");
  }

  async follow(ask, signal) {
    const meter = h("progress", { "aria-label": `Load of ${this.file.name}` });
    const words = h("p", { class: "muted" }, "Stored. Waiting for its turn");
    show(this.body, h("div", { class: "progress load" }, meter, words));
    const last = await follow(ask, (entry) => {
      if (entry.state !== "loading") return;
      meter.max = entry.size || 1;
      meter.value = Math.min(entry.bytes_read ?? 0, meter.max);
      show(words, `Loading: ${count(entry.counts.read ?? 0, "row")} so far`);
    }, signal, (error) => error && show(words, `${error.message} Trying again.`));
    this.settle(last);
  }

  settle(entry) {
    const { counts } = entry;
    show(this.body,
      h("p", { class: "summary" }, state(entry.state), h("span", {}, count(counts.read ?? 0, "row"), " read"),
        to("See what became of them", "ingestions", entry.id)),
      entry.error && h("div", { class: "problem" }, h("p", {}, entry.error.detail)),
      entry.duplicate_of && h("p", { class: "notice" }, "The same bytes are loaded already: nothing was done. See ",
        to("that ingestion", "ingestions", entry.duplicate_of), "."),
      counts.read > 0 && entry.state === "loaded" && [bar(counts), legend(counts)],
      counts.rejected > 0 && entry.state === "loaded" && h("p", { class: "notice" }, `${count(counts.rejected, "row")} rejected. `,
        to("See why, download and mend them", "ingestions", entry.id), "."));
    announce(`${this.file.name}: ${entry.state}, ${count(counts.inserted ?? 0, "row")} inserted, ${counts.rejected ?? 0} rejected`);
    this.remove.textContent = "Dismiss";
    this.remove.setAttribute("aria-label", `Dismiss ${this.file.name}`);
    this.remove.hidden = false;
    this.enter("done");
  }
}
