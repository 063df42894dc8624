// Uploads a file: through the API, or in blocks directly to storage if it is big. Dry runs send the first megabytes.

import { ApiError, ConnectionError, requestJson, retry, sendRequest } from "./api.js";

const DIRECT_UPLOAD_SIZE = 50_000_000; // larger files are uploaded directly to storage
const BLOCK_SIZE = 8_000_000;
const PARALLEL_BLOCKS = 3;
const PREVIEW_SIZE = 8_000_000;
const [QUOTE, NEWLINE] = [34, 10];
const COMPRESSED = /^(\x1f\x8b|PK\x03\x04|\x28\xb5\x2f\xfd|BZh[1-9])/;

/**
 * Upload `file`; `parameters` are the query: dataset, key and format options. Returns a function that requests its
 * ingestion, or undefined while there is none yet. `on`: `onprogress(bytes)`, `onretry(error, seconds)`.
 */
export const uploadFile = (file, parameters, signal, on) =>
  (file.size > DIRECT_UPLOAD_SIZE ? uploadToStorage : uploadToApi)(file, parameters, signal, on);

/** Retry while the connection fails. A file that was moved or deleted looks like that too, so check that it exists. */
const retryUpload = (file, signal, { onretry }, task) =>
  retry(() => task().catch(async (error) => {
    if (error instanceof ConnectionError) await checkReadable(file);
    throw error;
  }), signal, onretry);

const checkReadable = (file) =>
  file.slice(0, 1).arrayBuffer().catch(() => {
    throw new ApiError(400, "The file cannot be read: it is a folder, or it was changed or moved after you chose it. Choose it again.");
  });

const post = (path, query, body, options, type = "application/octet-stream") =>
  requestJson(path, { method: "POST", query, body, headers: { "Content-Type": type }, ...options });

async function uploadToApi(file, parameters, signal, on) {
  const query = { ...parameters, filename: file.name };
  const options = { signal, onprogress: on.onprogress };
  const { files: [stored] } = await retryUpload(file, signal, on, () => post("ingest", query, file, options));
  return () => requestJson(`ingestions/${stored.ingestion_id}`, { signal }).catch((error) => {
    if (error.status !== 404) throw error; // the blob is stored, its ingestion is not recorded yet
  });
}

async function uploadToStorage(file, { dataset, ...query }, signal, on) {
  const request = JSON.stringify({ dataset, filename: file.name, size: file.size });
  const target = await retryUpload(file, signal, on, () => post("uploads", query, request, { signal }, "application/json"));
  const { "x-ms-blob-type": _, "Content-Type": type, ...headers } = target.headers;
  const put = (operation, options) =>
    retryUpload(file, signal, on, () => storageRequest(`${target.url}&${operation}`, { method: "PUT", signal, ...options }));
  const blocks = Array.from({ length: Math.ceil(file.size / BLOCK_SIZE) }, (_, index) => index);
  const uploaded = blocks.map(() => 0);
  const queue = blocks.values();
  const worker = async () => {
    for (const index of queue) {
      const body = file.slice(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE);
      const onprogress = (bytes) => {
        uploaded[index] = bytes;
        on.onprogress(uploaded.reduce((sum, one) => sum + one));
      };
      await put(`comp=block&blockid=${blockId(index)}`, { body, onprogress });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_BLOCKS }, worker)).finally(() => [...queue]); // after an error, start no other block
  await put("comp=blocklist", {
    headers: { ...headers, "x-ms-blob-content-type": type },
    body: `<BlockList>${blocks.map((index) => `<Latest>${blockId(index)}</Latest>`).join("")}</BlockList>`,
  });
  return async () => (await requestJson("ingestions", { query: { blob: target.blob }, signal })).ingestions[0];
}

/** Storage requires block IDs of equal length, in Base64. */
const blockId = (index) => btoa(String(index).padStart(6, "0"));

/** A request to storage. Its URL contains the permission (a SAS), so it gets no function key. */
async function storageRequest(url, options) {
  const response = await sendRequest(url, options).catch((error) => {
    if (error instanceof ConnectionError) error.message = "Cannot reach storage, or its CORS rules do not allow this page.";
    throw error;
  });
  if (response.status < 400) return;
  const reason = /<Message>([^<\n]+)/.exec(response.body)?.[1] ?? "";
  throw new ApiError(response.status, `Storage refused the upload (status ${response.status}). ${reason}`);
}

/** The dry run of a file, or of the first megabytes of a big one (`isComplete` is false). */
export async function dryRun(file, parameters, signal) {
  await checkReadable(file);
  const isComplete = file.size <= PREVIEW_SIZE;
  const body = isComplete ? file : await firstMegabytes(file);
  const query = { ...parameters, filename: file.name, dry_run: "true" };
  return { ...(await post("ingest", query, body, { signal })), isComplete };
}

/** The first megabytes, up to the end of a line outside of quotes. A compressed file cannot be cut. */
async function firstMegabytes(file) {
  const bytes = new Uint8Array(await file.slice(0, PREVIEW_SIZE).arrayBuffer());
  if (COMPRESSED.test(String.fromCharCode(...bytes.slice(0, 4)))) {
    throw new ApiError(0, "No preview: the file is compressed and larger than 8 MB. You can upload it without a preview.");
  }
  let [end, isQuoted] = [0, false];
  bytes.forEach((byte, index) => {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === NEWLINE && !isQuoted) end = index + 1;
  });
  if (end < PREVIEW_SIZE / 2) end = bytes.lastIndexOf(NEWLINE) + 1; // the quotes are part of the text
  const width = bytes[0] + bytes[1] === 509 ? 2 : 1; // UTF-16 byte order mark: FF FE or FE FF
  return bytes.slice(0, end + (end % width) || bytes.length);
}
