// Requests to the app: the key, its problems, numbers in full.

import * as key from "./key.js";
import { attempt } from "./request.js";

const ROOT = new URL("..", import.meta.url);

/** What went wrong, in the app's own words where it has any. */
export class Problem extends Error {
  constructor(status, detail, errors = []) {
    super(detail);
    Object.assign(this, { status, errors });
  }
}

/** The JSON of an answer; raises `Problem`. `options`: those of `raw`. */
export const json = async (path, options) => parse((await raw(path, options)).text);

/** The whole answer, `{status, text, header}`. `options`: query, and those of `attempt`. */
export async function raw(path, { query = {}, headers, ...options }) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  for (;;) {
    const used = key.current();
    const sent = { Accept: "application/json", ...headers, ...(used && { "x-functions-key": used }) };
    const answer = await attempt(url, { ...options, headers: sent });
    if (answer.status < 400) return answer;
    if (answer.status !== 401) throw await problem(answer);
    if (!(await key.ask(used))) throw new Problem(401, "The app wants a function key, and none was given.");
  }
}

async function problem({ status, text }) {
  const unsaid = { detail: `The app's platform answered ${status} and nothing else; its log knows more.` };
  const { detail, errors } = await new Response(text).json().catch(() => unsaid);
  return new Problem(status, detail ?? unsaid.detail, errors);
}

/** JSON whose numbers stay as they are written where JavaScript has no such number. */
const parse = (text) =>
  JSON.parse(text, (_, value, context) =>
    typeof value === "number" && context && String(value) !== context.source ? context.source : value);
