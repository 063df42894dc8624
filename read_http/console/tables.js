// Tables: of a few rows, or page by page.

import { announce, button, h, show } from "./dom.js";
import { muted, note, problem, value } from "./parts.js";
import { persist, rest } from "./request.js";
import { number } from "./text.js";

/** A table that scrolls by itself; `columns`: `{label, class}` or a label, `rows`: cells, each text or an element. */
export function table(label, columns, rows) {
  const head = columns.map((column) => h("th", { scope: "col", class: column.class }, column.label ?? column));
  return h("div.scroll.box", { role: "group", "aria-label": label, tabindex: "0" },
    h("table", h("thead", h("tr", head)), h("tbody", lines(columns, rows))));
}

const lines = (columns, rows) =>
  rows.map((cells) => h("tr", cells.map((cell, at) => h("td", { class: columns[at].class }, cell))));

/**
 * A table by pages. `ask(after)` answers a page with its `next`, `rows(page)` are its rows, `nothing` is shown instead of
 * none; `again(page)` are the seconds until it is asked for once more, if ever.
 */
export function paged(label, columns, ask, rows, { signal, nothing, again = () => null }) {
  const place = h("div", muted("Loading…"));
  const said = h("div");
  const where = muted();
  const turns = h("div.actions", { hidden: true });
  const earlier = button("Previous", () => turn(at - 1));
  const later = button("Next", () => turn(at + 1));
  const starts = [{ first: 1 }]; // of each page so far: its cursor, and the number of its first row
  let at = 0;
  let turning = new AbortController();

  async function turn(page) {
    turning.abort();
    turning = new AbortController();
    const until = AbortSignal.any([signal, turning.signal]);
    const lost = (error) => show(said, note("", `${error.message} Trying again.`));
    try {
      for (let shown, pause = 0; pause !== null; ) {
        await rest(pause, until);
        const found = await persist(() => ask(starts[page].after, until), until, lost);
        show(said);
        if (JSON.stringify(found) !== shown) draw(found, page);
        shown = JSON.stringify(found);
        pause = again(found);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!place.querySelector("table")) show(place);
      show(said, problem(error, () => turn(page)));
    }
  }

  function draw(found, page) {
    const [focused, body, shown] = [document.activeElement, place.querySelector("tbody"), rows(found)];
    const last = starts[page].first + shown.length - 1;
    starts[page + 1] = found.next && { after: found.next, first: last + 1 };
    if (!shown.length && !page) show(place, nothing);
    else if (body) show(body, lines(columns, shown));
    else show(place, table(label, columns, shown));
    if (focused.matches("td a")) place.querySelector(`a[href="${focused.getAttribute("href")}"]`)?.focus();
    show(where, `${label} ${number(starts[page].first)} to ${number(last)}`);
    turns.hidden = !page && !found.next;
    [earlier.disabled, later.disabled] = [page === 0, !found.next];
    if (focused.disabled) (focused === later ? earlier : later).focus();
    if (page === at) return;
    at = page;
    place.firstElementChild.scrollTop = 0;
    if (place.getBoundingClientRect().top < 0) place.scrollIntoView();
    announce(where.textContent);
  }

  turns.append(earlier, later, where);
  turn(0);
  return [place, said, turns];
}

/** Columns of a table of rows, from their names and types. */
export const headings = (columns) =>
  columns.map(({ name, type, header }) => ({
    label: [h("span.name", name), h("span", type), header && header !== name && h("span", `“${header}”`)],
    class: /^(bigint|numeric|double)/.test(type) ? "number" : "",
  }));

/** Rejected rows: where, what, why. */
export const REJECTS = [{ label: "Line", class: "number" }, "Column", "Value", { label: "Reason", class: "wide" }];

export const reject = ({ line, raw, errors }) => {
  const each = (draw) => errors.map((error) => h("div", draw(error)));
  return [number(line), each(({ column }) => column ?? "–"),
    each((error) => value(error.column ? error.value : raw)), each(({ message }) => message)];
};
