// What became of the rows of a file, as a bar and in words.

import { h, svg } from "./dom.js";
import { number } from "./text.js";

const KINDS = { inserted: "inserted", updated: "updated", unchanged: "unchanged", duplicates_in_file: "duplicates", rejected: "rejected" };

const each = (counts) => Object.entries(KINDS).map(([name, word]) => [counts[name], word]);
const those = (counts) => each(counts).filter(([rows]) => rows > 0);

/** `220 inserted, 3 rejected`. */
export const outcome = (counts) =>
  those(counts).map(([rows, word]) => `${number(rows)} ${word}`).join(", ") || "no rows";

/** Counts as one bar; what it shows is told in words too. */
export function bar(counts) {
  let x = 0;
  const shapes = those(counts).map(([rows, word]) => {
    const width = (100 * rows) / counts.read;
    x += width;
    return svg(`rect.fill.${word}`, { x: x - width, width, height: 10 }, svg("title", `${number(rows)} ${word}`));
  });
  const label = { role: "img", "aria-label": outcome(counts) };
  return svg("svg.bar", { viewBox: "0 0 100 10", preserveAspectRatio: "none", ...label }, shapes);
}

/** The bar, and what its colours mean, with all numbers. */
export const legend = (counts) => [
  bar(counts),
  h("ul.legend", each(counts).map(([rows, word]) =>
    h(rows ? "li" : "li.muted", h(`span.dot.${word}`), h("b", number(rows)), ` ${word}`))),
];
