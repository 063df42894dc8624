// One request, with the progress of an upload that `fetch` cannot tell; trying again, following a load.

/** The connection failed; nobody knows how much arrived. */
export class Lost extends Error {
  message = "The connection was lost, or the app does not run.";
}

const left = () => new DOMException("Left", "AbortError");

/** `{status, text, header}` of an answer of any status; raises `Lost`, or `AbortError` by `signal`. */
export function attempt(url, { method = "GET", headers = {}, body, signal, onprogress, type = "text" }) {
  return new Promise((settle, fail) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = type;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onprogress) request.upload.onprogress = (event) => onprogress(event.loaded);
    request.onload = () =>
      settle({ status: request.status, text: request.response, header: (name) => request.getResponseHeader(name) });
    request.onerror = () => fail(new Lost());
    request.onabort = () => fail(left());
    const leave = () => request.abort();
    signal.addEventListener("abort", leave);
    request.onloadend = () => signal.removeEventListener("abort", leave); // or it would hold every answer
    request.send(body);
  });
}

/** Try again while the connection is lost, or storage or the app is busy, with growing pauses. */
export async function persist(task, signal, onlost) {
  for (let pause = 1; ; pause = Math.min(pause * 2, 10)) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof Lost || [429, 502, 503, 504].includes(error.status))) throw error;
      onlost(error, pause);
      await rest(pause, signal);
    }
  }
}

/** Wait some seconds. */
export const rest = (seconds, signal) =>
  new Promise((settle, fail) => {
    signal.throwIfAborted();
    const leave = () => fail(left());
    signal.addEventListener("abort", leave, { once: true });
    setTimeout(() => {
      signal.removeEventListener("abort", leave);
      settle();
    }, seconds * 1000);
  });

export const isSettled = ({ state }) => !["received", "loading"].includes(state);

/** Ask for an ingestion until it is settled: `onchange` gets each entry, the last one is the answer. */
export async function follow(ask, onchange, signal, onlost) {
  for (let pause = 0.4; ; pause = Math.min(pause * 1.3, 3)) {
    const entry = await persist(ask, signal, onlost);
    if (entry) onchange(entry);
    if (entry && isSettled(entry)) return entry;
    await rest(pause, signal);
  }
}
