// One request with its progress: `fetch` cannot tell that of an upload.

/** The connection failed; nobody knows how much arrived. */
export class Lost extends Error {
  constructor() {
    super("The connection was lost, or the app does not run.");
  }
}

/** `{status, text, header}` of an answer of any status; raises `Lost`, or `AbortError` by `signal`. */
export function attempt(url, { method = "GET", headers = {}, body = null, signal, onprogress, type = "text" } = {}) {
  return new Promise((settle, fail) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = type;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onprogress) request.upload.onprogress = (event) => onprogress(event.loaded);
    request.onload = () =>
      settle({
        status: request.status,
        text: request.response,
        header: (name) => request.getResponseHeader(name),
      });
    request.onerror = () => fail(new Lost());
    request.onabort = () => fail(new DOMException("Left", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return request.onabort();
    request.send(body);
  });
}

/** Try again while the connection is lost, or storage or the app is busy, with growing pauses. */
export async function persist(task, { signal, onlost } = {}) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 30)) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof Lost || [429, 502, 503, 504].includes(error.status))) throw error;
      onlost?.(error, pause);
      await rest(pause * 1000, signal);
    }
  }
}

/** Wait, but not once the connection is back, or the page is looked at again. */
export function rest(milliseconds, signal) {
  return new Promise((settle, fail) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      settle();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done, { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden || done(), { signal: over.signal });
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      over.abort();
      fail(new DOMException("Left", "AbortError"));
    }, { signal: over.signal });
  });
}
