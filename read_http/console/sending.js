// The way of a file's bytes: through the app, or in blocks straight to storage where it is big.

import { Problem, json } from "./api.js";
import { Lost, attempt, persist } from "./request.js";

const DIRECT = 50_000_000;
const BLOCK = 8_000_000;
const SAMPLE = 8_000_000;
const [QUOTE, LINE_END] = [34, 10];
const COMPRESSED = /^(\x1f\x8b|PK\x03\x04|\x28\xb5\x2f\xfd|BZh[1-9])/;

/**
 * Send `file`; `told` is the query: dataset, key and the like. Answers a function that asks for its ingestion, which may
 * not be noted yet. `on`: progress(bytes), lost(error, seconds).
 */
export const send = (file, told, signal, on) => (file.size > DIRECT ? direct : through)(file, told, signal, on);

/** Again and again while the connection is lost; what looks like that may be a file that went. */
const sent = (file, signal, on, task) =>
  persist(() => task().catch(async (error) => {
    if (error instanceof Lost) await readable(file);
    throw error;
  }), signal, on.lost);

const readable = (file) =>
  file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Problem(400, "The file cannot be read: it is a folder, or was changed or moved after it was chosen. Choose it again.");
  });

const post = (path, query, body, options, type = "application/octet-stream") =>
  json(path, { method: "POST", query, body, headers: { "Content-Type": type }, ...options });

async function through(file, told, signal, on) {
  const query = { ...told, filename: file.name };
  const options = { signal, onprogress: on.progress };
  const { files: [stored] } = await sent(file, signal, on, () => post("ingest", query, file, options));
  return () => json(`ingestions/${stored.ingestion_id}`, { signal }).catch((error) => {
    if (error.status !== 404) throw error; // storage has it, the ledger not yet
  });
}

async function direct(file, { dataset, ...query }, signal, on) {
  const wanted = JSON.stringify({ dataset, filename: file.name, size: file.size });
  const permit = await sent(file, signal, on, () => post("uploads", query, wanted, { signal }, "application/json"));
  const { "x-ms-blob-type": _, "Content-Type": type, ...headers } = permit.headers;
  const put = (what, options) =>
    sent(file, signal, on, () => toStorage(`${permit.url}&${what}`, { method: "PUT", signal, ...options }));
  const blocks = Array.from({ length: Math.ceil(file.size / BLOCK) }, (_, at) => at);
  const arrived = blocks.map(() => 0);
  const waiting = blocks.values();
  const line = async () => {
    for (const at of waiting) {
      const body = file.slice(at * BLOCK, (at + 1) * BLOCK);
      const onprogress = (bytes) => {
        arrived[at] = bytes;
        on.progress(arrived.reduce((sum, one) => sum + one));
      };
      await put(`comp=block&blockid=${name(at)}`, { body, onprogress });
    }
  };
  await Promise.all([line(), line(), line()]).finally(() => [...waiting]); // where one failed no other begins
  await put("comp=blocklist", {
    headers: { ...headers, "x-ms-blob-content-type": type },
    body: `<BlockList>${blocks.map((at) => `<Latest>${name(at)}</Latest>`).join("")}</BlockList>`,
  });
  return async () => (await json("ingestions", { query: { blob: permit.blob }, signal })).ingestions[0];
}

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
  await readable(file);
  const isWhole = file.size <= SAMPLE;
  const body = isWhole ? file : await beginning(file);
  const query = { ...told, filename: file.name, dry_run: "true" };
  return { ...(await post("ingest", query, body, { signal })), isWhole };
}

/** The first megabytes, up to the end of a line outside of quotes; a compressed file cannot be cut. */
async function beginning(file) {
  const bytes = new Uint8Array(await file.slice(0, SAMPLE).arrayBuffer());
  if (COMPRESSED.test(String.fromCharCode(...bytes.slice(0, 4)))) {
    throw new Problem(0, "No preview: the file is compressed and has more than 8 MB. It can be sent without one.");
  }
  let [end, isQuoted] = [0, false];
  bytes.forEach((byte, at) => {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === LINE_END && !isQuoted) end = at + 1;
  });
  if (end < SAMPLE / 2) end = bytes.lastIndexOf(LINE_END) + 1; // quotes that are none
  const width = bytes[0] + bytes[1] === 509 ? 2 : 1; // the mark of UTF-16
  return bytes.slice(0, end + (end % width) || bytes.length);
}
