// Asking again and again, seldom while nobody looks.

import { Lost, rest } from "./request.js";

const HIDDEN = 15;

/** Run `step` until it answers null; else it answers the seconds to wait. `onlost` hears of a lost connection. */
export async function poll(step, signal, onlost = () => {}) {
  let failures = 0;
  while (!signal.aborted) {
    let pause;
    try {
      pause = await step();
      if (failures) onlost(null);
      failures = 0;
    } catch (error) {
      if (!(error instanceof Lost || error.status >= 500)) throw error;
      onlost(error);
      pause = Math.min(2 ** failures++, 30);
    }
    if (pause === null || signal.aborted) return;
    await rest(pause * (document.hidden ? HIDDEN : 1) * 1000, signal);
  }
}

/** Follow an ingestion until it is settled: `onchange` gets each entry, the last one is the answer. */
export async function follow(ask, onchange, signal, onlost) {
  let last;
  let pause = 0.4;
  await poll(async () => {
    try {
      last = await ask();
      if (last) onchange(last);
    } catch (error) {
      if (error.status !== 404) throw error; // not noted yet: storage has it, the database was away
    }
    pause = Math.min(pause * 1.3, 3);
    return last && isSettled(last) ? null : pause;
  }, signal, onlost);
  return last;
}

export const isSettled = (entry) => !["received", "loading"].includes(entry.state);
