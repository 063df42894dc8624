// One request with its progress, which `fetch` cannot tell of an upload; trying again, and waiting.

/** The connection failed; nobody knows how much arrived. */
export class Lost extends Error {
  constructor() {
    super("The connection was lost, or the app does not run.");
  }
}

const left = () => new DOMException("Left", "AbortError");

/** `{status, text, header}` of an answer of any status; raises `Lost`, or `AbortError` by `signal`. */
export function attempt(url, { method = "GET", headers = {}, body = null, signal, onprogress, type = "text" } = {}) {
  return new Promise((settle, fail) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = type;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onprogress) request.upload.onprogress = (event) => onprogress(event.loaded);
    request.onload = () =>
      settle({ status: request.status, text: request.response, header: (name) => request.getResponseHeader(name) });
    request.onerror = () => fail(new Lost());
    request.onabort = () => fail(left());
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return fail(left());
    request.send(body);
  });
}

/** Try again while the connection is lost, or storage or the app is busy, with growing pauses. */
export async function persist(task, signal, onlost) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 30)) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof Lost || [429, 502, 503, 504].includes(error.status))) throw error;
      onlost(error, pause);
      await rest(pause, signal);
    }
  }
}

/** Wait some seconds, but not once the connection is back, or the page is looked at again. */
export function rest(seconds, signal) {
  return new Promise((settle, fail) => {
    const over = new AbortController();
    const end = (how, why) => {
      clearTimeout(timer);
      over.abort();
      how(why);
    };
    const timer = setTimeout(end, seconds * 1000, settle);
    const until = { signal: over.signal };
    addEventListener("online", () => end(settle), until);
    document.addEventListener("visibilitychange", () => document.hidden || end(settle), until);
    signal.addEventListener("abort", () => end(fail, left()), until);
    if (signal.aborted) end(fail, left());
  });
}
