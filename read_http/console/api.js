// Requests to the app: the key, its problems, numbers in full.

import * as key from "./key.js";
import { attempt } from "./request.js";

const ROOT = new URL("..", import.meta.url);
const UNSAID = {
  404: "This app does not offer that.",
  413: "This is larger than the app accepts in one request.",
  503: "The app is not available at the moment.",
};

/** What went wrong, in the app's own words where it has any. */
export class Problem extends Error {
  constructor(status, detail, errors = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** The JSON of an answer; raises `Problem`. `options`: those of `raw`. */
export async function json(path, options) {
  return parse((await raw(path, options)).text);
}

/** The whole answer, `{status, text, header}`. `options`: query, and those of `attempt`. */
export async function raw(path, { query = {}, headers, ...options } = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  for (;;) {
    const used = key.current();
    const sent = { Accept: "application/json", ...headers, ...(used ? { "x-functions-key": used } : {}) };
    const answer = await attempt(url, { ...options, headers: sent });
    if (answer.status < 400) return answer;
    if (answer.status !== 401) throw await problem(answer);
    if (!(await key.ask(used))) throw new Problem(401, "The app wants a function key, and none was given.");
  }
}

async function problem({ status, text }) {
  let body = {};
  try {
    body = JSON.parse(typeof text === "string" ? text : await text.text());
  } catch {
    // No problem of the app's: its platform answered.
  }
  const unsaid = UNSAID[status] ?? `The app failed (${status}) without saying why; its log knows more.`;
  return new Problem(status, body.detail ?? unsaid, body.errors);
}

/** JSON whose numbers stay as they are written where JavaScript has no such number. */
const parse = (text) =>
  JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context && String(value) !== context.source ? context.source : value);
