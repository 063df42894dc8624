// HTTP requests to the API: function key, error responses, upload progress, retries and polling.

import { dialog, h } from "./dom.js";

const ROOT = new URL("..", import.meta.url);
const KEY_ITEM = "function-key";
const RETRYABLE = [429, 502, 503, 504];
let keyPrompt = null;

/** An error response of the API. `errors` are the problems that it lists. */
export class ApiError extends Error {
  constructor(status, detail, errors = []) {
    super(detail);
    Object.assign(this, { status, errors });
  }
}

/** The request got no response. The server may have received it. */
export class ConnectionError extends Error {
  message = "Cannot reach the server.";
}

const abortError = () => new DOMException("Aborted", "AbortError");

/** The parsed JSON of a response; throws `ApiError`. `options`: those of `requestApi`. */
export const requestJson = async (path, options) => parseJson((await requestApi(path, options)).body);

/** A request with the function key; returns `{status, body, header}`. `options`: query, and those of `sendRequest`. */
export async function requestApi(path, { query = {}, headers, ...options }) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  for (;;) {
    const key = storedKey();
    const allHeaders = { Accept: "application/json", ...headers, ...(key && { "x-functions-key": key }) };
    const response = await sendRequest(url, { ...options, headers: allHeaders });
    if (response.status < 400) return response;
    if (response.status !== 401) throw await apiError(response);
    if (!(await requireKey(key))) throw new ApiError(401, "A function key is required.");
  }
}

async function apiError({ status, body }) {
  const fallback = { detail: `The server answered with status ${status} and no details. See the log of the function app.` };
  const { detail, errors } = await new Response(body).json().catch(() => fallback);
  return new ApiError(status, detail ?? fallback.detail, errors);
}

/** JSON in which a number stays a string where JavaScript cannot represent it exactly. */
const parseJson = (text) =>
  JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context && String(value) !== context.source ? context.source : value);

/**
 * One request without a function key; returns `{status, body, header}` for any status, throws `ConnectionError` or an
 * `AbortError`. It uses XMLHttpRequest, because fetch does not report upload progress.
 */
export function sendRequest(url, { method = "GET", headers = {}, body, signal, onprogress, type = "text" }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = type;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onprogress) request.upload.onprogress = (event) => onprogress(event.loaded);
    request.onload = () =>
      resolve({ status: request.status, body: request.response, header: (name) => request.getResponseHeader(name) });
    request.onerror = () => reject(new ConnectionError());
    request.onabort = () => reject(abortError());
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.onloadend = () => signal.removeEventListener("abort", abort); // otherwise the signal keeps every response
    request.send(body);
  });
}

/** Retry `task` with growing pauses while the connection fails, or the server or storage is unavailable. */
export async function retry(task, signal, onretry) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 10)) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof ConnectionError || RETRYABLE.includes(error.status))) throw error;
      onretry(error, pause);
      await sleep(pause, signal);
    }
  }
}

/** Wait for some seconds. */
export const sleep = (seconds, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(abortError());
    signal.addEventListener("abort", abort, { once: true });
    setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
  });

export const isFinished = ({ state }) => !["received", "loading"].includes(state);

/** Poll an ingestion until it is finished, and return it. `onchange` gets every response. */
export async function pollIngestion(getIngestion, onchange, signal, onretry) {
  for (let pause = 0.4; ; pause = Math.min(pause * 1.3, 3)) {
    const ingestion = await retry(getIngestion, signal, onretry);
    if (ingestion) onchange(ingestion);
    if (ingestion && isFinished(ingestion)) return ingestion;
    await sleep(pause, signal);
  }
}

/** The function key, which the browser tab stores until it is closed. */
const storedKey = () => sessionStorage.getItem(KEY_ITEM);

/** Ask for a key other than `rejected`, once for all waiting requests; false if the user cancels. */
function requireKey(rejected) {
  if (storedKey() !== rejected) return Promise.resolve(true);
  keyPrompt ??= promptForKey(rejected !== null).finally(() => (keyPrompt = null));
  return keyPrompt;
}

async function promptForKey(isWrong) {
  const input = h("input", {
    id: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false",
    pattern: "\\s*[!-~]+\\s*", title: "Letters A to Z, digits and punctuation, without spaces",
    "aria-describedby": "key-hint", "aria-invalid": isWrong && "true",
  });
  const hint = isWrong
    ? "The server rejected this key. Check that it is complete and belongs to this function app."
    : "Find a key in the Azure portal under Function App > App keys. It is stored in this browser tab only.";
  const field = h("div.field", h("label", { for: "key" }, "Function key"), input,
    h(isWrong ? "p.error-text" : "p.muted", { id: "key-hint" }, hint));
  const isConfirmed = await dialog(isWrong ? "Wrong function key" : "Function key required", field,
    h("button.primary", "Use this key"));
  if (isConfirmed) sessionStorage.setItem(KEY_ITEM, input.value.trim());
  return isConfirmed;
}
