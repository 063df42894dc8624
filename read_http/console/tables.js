// Tables: short tables, paged tables, rejected rows.

import { retry, sleep } from "./api.js";
import { cellValue, errorMessage, message, muted } from "./components.js";
import { announce, button, h, setContent } from "./dom.js";
import { formatNumber } from "./formatting.js";

/** A scrollable table. `columns`: labels or `{label, class}`; `rows`: arrays of cells, each a text or an element. */
export function table(label, columns, rows) {
  const head = columns.map((column) => h("th", { scope: "col", class: column.class }, column.label ?? column));
  return h("div.scroll.box", { role: "group", "aria-label": label, tabindex: "0" },
    h("table", h("thead", h("tr", head)), h("tbody", tableRows(columns, rows))));
}

const tableRows = (columns, rows) =>
  rows.map((cells) => h("tr", cells.map((cell, index) => h("td", { class: columns[index].class }, cell))));

/**
 * A paged table. `getPage(after)` requests a page with its cursor `next`, `getRows(page)` returns its rows, `empty` is
 * shown if there are none. `refreshAfter(page)` is the number of seconds until the page is requested again, or null.
 */
export function pagedTable(label, columns, getPage, getRows, { signal, empty, refreshAfter = () => null }) {
  const content = h("div", muted("Loading…"));
  const status = h("div");
  const position = muted();
  const controls = h("div.actions", { hidden: true });
  const previous = button("Previous", () => openPage(current - 1));
  const next = button("Next", () => openPage(current + 1));
  const starts = [{ first: 1 }]; // per page: its cursor and the number of its first row
  let current = 0;
  let opening = new AbortController();

  async function openPage(number) {
    opening.abort();
    opening = new AbortController();
    const pageSignal = AbortSignal.any([signal, opening.signal]);
    const onretry = (error) => setContent(status, message("", `${error.message} Retrying…`));
    try {
      for (let drawn, pause = 0; pause !== null; ) {
        await sleep(pause, pageSignal);
        const page = await retry(() => getPage(starts[number].after, pageSignal), pageSignal, onretry);
        setContent(status);
        if (JSON.stringify(page) !== drawn) draw(page, number);
        drawn = JSON.stringify(page);
        pause = refreshAfter(page);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!content.querySelector("table")) setContent(content);
      setContent(status, errorMessage(error, () => openPage(number)));
    }
  }

  function draw(page, number) {
    const [focused, body, rows] = [document.activeElement, content.querySelector("tbody"), getRows(page)];
    const last = starts[number].first + rows.length - 1;
    starts[number + 1] = page.next && { after: page.next, first: last + 1 };
    if (!rows.length && !number) setContent(content, empty);
    else if (body) setContent(body, tableRows(columns, rows));
    else setContent(content, table(label, columns, rows));
    if (focused.matches("td a")) content.querySelector(`a[href="${focused.getAttribute("href")}"]`)?.focus();
    setContent(position, `${label} ${formatNumber(starts[number].first)} to ${formatNumber(last)}`);
    controls.hidden = !number && !page.next;
    [previous.disabled, next.disabled] = [number === 0, !page.next];
    if (focused.disabled) (focused === next ? previous : next).focus();
    if (number === current) return;
    current = number;
    content.firstElementChild.scrollTop = 0;
    if (content.getBoundingClientRect().top < 0) content.scrollIntoView();
    announce(position.textContent);
  }

  controls.append(previous, next, position);
  openPage(0);
  return [content, status, controls];
}

/** Table columns from the names and types of a dataset's columns. */
export const dataColumns = (columns) =>
  columns.map(({ name, type, header }) => ({
    label: [h("span.name", name), h("span", type), header && header !== name && h("span", `“${header}”`)],
    class: /^(bigint|numeric|double)/.test(type) ? "number" : "",
  }));

export const REJECT_COLUMNS = [{ label: "Line", class: "number" }, "Column", "Value", { label: "Reason", class: "wide" }];

/** The cells of a rejected row. */
export const rejectCells = ({ line, raw, errors }) => {
  const perError = (getCell) => errors.map((error) => h("div", getCell(error)));
  return [formatNumber(line), perError(({ column }) => column ?? "–"),
    perError((error) => cellValue(error.column ? error.value : raw)), perError((error) => error.message)];
};
