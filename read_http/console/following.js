// An ingestion on its way.

import { persist, rest } from "./request.js";

export const isSettled = ({ state }) => !["received", "loading"].includes(state);

/** Ask again and again until it is settled: `onchange` gets each entry, the last one is the answer. */
export async function follow(ask, onchange, signal, onlost) {
  for (let pause = 0.4; ; pause = Math.min(pause * 1.3, 3)) {
    const entry = await persist(ask, signal, onlost);
    if (entry) onchange(entry);
    if (entry && isSettled(entry)) return entry;
    await rest(pause, signal);
  }
}
