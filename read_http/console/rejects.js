// Rejected rows as a file on the reader's disk.

import { raw } from "./api.js";
import { h } from "./dom.js";

const FIRST = 400_000;
const [QUOTE, LINE_END] = [34, 10];

/** Save all of them as one file; where they are too many for one answer, it is made of parts. */
export async function download(path, signal) {
  const parts = [];
  let [limit, after, name] = [undefined, undefined, "rejects.csv"];
  do {
    try {
      const answer = await raw(path, { headers: { Accept: "text/csv" }, query: { limit, after }, type: "blob", signal });
      name = decodeURIComponent(/filename\*=UTF-8''(.+)/.exec(answer.header("content-disposition"))?.[1] ?? name);
      const next = /<([^>]+)>/.exec(answer.header("link"))?.[1];
      after = next && new URL(next, location).searchParams.get("after");
      parts.push(parts.length ? answer.text.slice(await header(answer.text)) : answer.text);
    } catch (error) {
      if (error.status !== 413 || limit < 1000) throw error;
      limit = limit ? Math.ceil(limit / 2) : FIRST;
    }
  } while (!parts.length || after);
  const link = h("a", { href: URL.createObjectURL(new Blob(parts, { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** How many bytes the names of the columns take, in which quotes may hold ends of lines. */
async function header(part) {
  const bytes = new Uint8Array(await part.slice(0, 1_000_000).arrayBuffer());
  let isQuoted = false;
  return 1 + bytes.findIndex((byte) => {
    if (byte === QUOTE) isQuoted = !isQuoted;
    return byte === LINE_END && !isQuoted;
  });
}
