// Components that pages share: messages, warnings, errors, values, counts, the chart of loaded rows.

import { button, h, setContent, svg } from "./dom.js";
import { formatCount, formatNumber, formatRelativeTime, formatTime } from "./formatting.js";

const CHART_HEIGHT = 100;
const DAY = 86_400_000;

export const muted = (...text) => h("p.muted", ...text);

/** A message; `level` is `good`, `warn`, `bad` or empty. */
export const message = (level, ...text) => h(`p.message.${level}`, ...text);

/** The warnings about the format of a file (of a dry run or an ingestion), as texts. */
export const warningTexts = (file) => (file.warnings ?? []).map((warning) => warning.message);

/** An error with the problems that it lists; `onretry` adds a button. */
export function errorMessage(error, onretry) {
  const problems = (error.errors ?? []).map((problem) => {
    const subject = problem.file ?? problem.parameter ?? problem.column ?? problem.field;
    return h("li", subject && h("strong", `${subject}: `), problem.detail ?? problem.message);
  });
  return h("div.message.bad.stack", { role: "alert" }, problems.length ? h("ul", problems) : h("p", error.message),
    onretry && h("div.actions", button("Try again", onretry)));
}

/** Content that is loaded asynchronously: `Loading…` first, then what `draw` makes of the result, or the error. */
export function asyncContent(load, draw) {
  const element = h("div.stack");
  const start = async () => {
    setContent(element, muted("Loading…"));
    try {
      setContent(element, draw(await load()));
    } catch (error) {
      if (error.name !== "AbortError") setContent(element, errorMessage(error, start));
    }
  };
  start();
  return element;
}

/** Shown instead of an empty list: what to do first. */
export const emptyState = (title, ...text) => h("div.empty", h("h2", title), h("p", text));

/** A value of a row; null and an empty string look different. */
export function cellValue(value) {
  if (value == null) return h("i.muted", "null");
  if (value === "") return h("i.muted", "empty");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > 40 ? h("span.long", { title: text.slice(0, 1000) }, text.slice(0, 200)) : text;
}

export const stateLabel = (state) => h(`span.state.${state}`, state);

export const relativeTime = (iso) =>
  iso ? h("time", { datetime: iso, title: formatTime(iso) }, formatRelativeTime(iso)) : "–";

/** A list of `[[name, value], …]`; empty values are left out. */
export const definitionList = (pairs) =>
  h("dl.definitions.box", pairs.filter(([, value]) => value?.length !== 0 && value).map(([name, value]) =>
    h("div", h("dt", name), h("dd", value))));

/** The row counts of an ingestion by label, from `minimum` on. */
const countsByLabel = ({ inserted, updated, unchanged, duplicates_in_file: duplicates, rejected }, minimum) =>
  Object.entries({ inserted, updated, unchanged, duplicates, rejected }).filter(([, rows]) => (rows ?? 0) >= minimum);

/** `220 inserted, 3 rejected`. */
export const countsText = (counts) =>
  countsByLabel(counts, 1).map(([label, rows]) => `${formatNumber(rows)} ${label}`).join(", ") || "no rows";

/** The row counts as one bar, with a text alternative. */
export function countsBar(counts) {
  let x = 0;
  const segments = countsByLabel(counts, 1).map(([label, rows]) => {
    const width = (100 * rows) / counts.read;
    x += width;
    return svg(`rect.fill.${label}`, { x: x - width, width, height: 10 }, svg("title", `${formatNumber(rows)} ${label}`));
  });
  const aria = { role: "img", "aria-label": countsText(counts) };
  return svg("svg.bar", { viewBox: "0 0 100 10", preserveAspectRatio: "none", ...aria }, segments);
}

/** The bar and its legend. */
export const countsChart = (counts) => [
  countsBar(counts),
  h("ul.legend", countsByLabel(counts, 0).map(([label, rows]) =>
    h(rows ? "li" : "li.muted", h(`span.dot.${label}`), h("b", formatNumber(rows)), ` ${label}`))),
];

/** A bar chart of `days` (`{day, rows}`), for the last `length` days in UTC. */
export function dailyRowsChart(days, length) {
  const rowsByDay = new Map(days.map(({ day, rows }) => [day, rows]));
  const end = Math.max(Date.now(), ...days.map(({ day }) => Date.parse(day)));
  const dates = Array.from({ length }, (_, index) => new Date(end - (length - 1 - index) * DAY).toISOString().slice(0, 10));
  const rows = dates.map((date) => rowsByDay.get(date) ?? 0);
  const maximum = Math.max(...rows);
  const total = rows.reduce((sum, one) => sum + one, 0);
  const bars = dates.map((date, x) => {
    const height = rows[x] && Math.max((CHART_HEIGHT * rows[x]) / maximum, 1.5);
    return svg("g", svg("title", `${date}: ${formatCount(rows[x], "row")}`),
      svg("rect.hover-area", { x, width: 1, height: CHART_HEIGHT }),
      svg("rect.fill.inserted", { x: x + 0.12, y: CHART_HEIGHT - height, width: 0.76, height }));
  });
  const label = `Rows loaded per day, last ${length} days. Total: ${formatNumber(total)}. Maximum: ${formatNumber(maximum)}.`;
  const viewBox = `0 0 ${length} ${CHART_HEIGHT}`;
  return h("figure.chart.box.muted", h("div", formatNumber(maximum)),
    svg("svg", { viewBox, preserveAspectRatio: "none", role: "img", "aria-label": label }, bars),
    h("div.days", [0, Math.floor(length / 2), length - 1].map((index) => h("span", dates[index].slice(5)))));
}
