// The way of a file's bytes: through the app, or in blocks straight to storage where it is big.

import { Problem, json } from "./api.js";
import { Lost, attempt, persist } from "./request.js";

const MEGABYTE = 1_000_000;
const DIRECT = 50 * MEGABYTE;
const BLOCK = 8 * MEGABYTE;
const AT_ONCE = 3;
const SAMPLE = 8 * MEGABYTE;
const LINE_END = 10;

/**
 * Send `file`; `told` is the query: dataset, key and the like. Answers a function that asks for its ingestion.
 * `on`: progress(bytes), lost(error, seconds). A lost connection is waited for, a block that arrived stays there.
 */
export const send = (file, told, signal, on) =>
  file.size > DIRECT ? direct(file, told, signal, on) : through(file, told, signal, on);

async function through(file, told, signal, on) {
  const options = {
    method: "POST", query: { ...told, filename: file.name }, body: file, signal, onprogress: on.progress,
    headers: { "Content-Type": "application/octet-stream" },
  };
  const { files: [stored] } = await persist(() => json("ingest", options), { signal, onlost: on.lost });
  return () => json(`ingestions/${stored.ingestion_id}`, { signal });
}

async function direct(file, told, signal, on) {
  const permit = await persist(() => allowed(file, told, signal), { signal, onlost: on.lost });
  const { "x-ms-blob-type": _, "Content-Type": type, ...headers } = permit.headers;
  const blocks = Array.from({ length: Math.ceil(file.size / BLOCK) }, (_, at) => ({ at, sent: 0 }));
  const waiting = [...blocks];
  const put = (query, options) =>
    persist(() => toStorage(`${permit.url}&${query}`, { method: "PUT", signal, ...options }), { signal, onlost: on.lost });
  const work = async () => {
    for (let block; (block = waiting.shift()); ) {
      await put(`comp=block&blockid=${encodeURIComponent(name(block.at))}`, {
        body: file.slice(block.at * BLOCK, (block.at + 1) * BLOCK),
        onprogress: (bytes) => {
          block.sent = bytes;
          on.progress(blocks.reduce((sum, { sent }) => sum + sent, 0));
        },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const list = blocks.map(({ at }) => `<Latest>${name(at)}</Latest>`).join("");
  await put("comp=blocklist", {
    headers: { ...headers, "x-ms-blob-content-type": type },
    body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`,
  });
  return async () => (await json("ingestions", { query: { blob: permit.blob }, signal })).ingestions[0];
}

const allowed = (file, { dataset, ...query }, signal) =>
  json("uploads", {
    method: "POST", query, signal, headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ dataset, filename: file.name, size: file.size }),
  });

/** Names of blocks have one length, as storage wants them. */
const name = (at) => btoa(String(at).padStart(6, "0"));

/** A request to storage itself, which gets no key of ours: its address holds the permission. */
async function toStorage(address, options) {
  const answer = await attempt(address, options).catch((error) => {
    if (error instanceof Lost) error.message = "The connection to storage was lost, or its CORS rules do not allow this page.";
    throw error;
  });
  if (answer.status < 400) return;
  const why = /<Message>([^<\n]+)/.exec(answer.text)?.[1] ?? "";
  throw new Problem(answer.status, `Storage refused the upload (${answer.status}). ${why}`);
}

/** What the app makes of a file, or of the first megabytes of a big one. */
export async function preview(file, told, signal) {
  const isWhole = file.size <= SAMPLE;
  const body = isWhole ? file : await beginning(file);
  const options = {
    method: "POST", query: { ...told, filename: file.name, dry_run: "true" }, body, signal,
    headers: { "Content-Type": "application/octet-stream" },
  };
  return { ...(await json("ingest", options)), isWhole };
}

/** The first megabytes, up to the end of a line; a compressed file cannot be cut. */
async function beginning(file) {
  const bytes = new Uint8Array(await file.slice(0, SAMPLE).arrayBuffer());
  const isCompressed = ["31,139", "80,75", "40,181", "66,90"].includes(`${bytes[0]},${bytes[1]}`);
  if (isCompressed) throw new Problem(0, "No preview: the file is compressed, and too big to be looked at beforehand.");
  const isWide = bytes[0] + bytes[1] === 509; // the mark of UTF-16
  const end = bytes.lastIndexOf(LINE_END) + 1;
  return bytes.slice(0, end && isWide ? end + (end % 2) : end || bytes.length);
}
