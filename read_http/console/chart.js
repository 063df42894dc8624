// Rows per day, drawn as bars.

import { h, svg } from "./dom.js";
import { count, number } from "./text.js";

const HEIGHT = 100;
const DAY = 86_400_000;

/** A chart of `days`, `{day, rows}` each, for the last `length` of them; days without rows are gaps. */
export function chart(days, length) {
  const rows = new Map(days.map(({ day, rows: loaded }) => [day, loaded]));
  const today = new Date(days.at(-1)?.day > utc(Date.now()) ? days.at(-1).day : utc(Date.now()));
  const each = Array.from({ length }, (_, at) => utc(today - (length - 1 - at) * DAY));
  const most = Math.max(...each.map((day) => rows.get(day) ?? 0));
  const total = each.reduce((sum, day) => sum + (rows.get(day) ?? 0), 0);
  const bars = each.map((day, at) => {
    const loaded = rows.get(day) ?? 0;
    const height = loaded && Math.max((HEIGHT * loaded) / most, 1.5);
    return svg("g", {}, svg("title", {}, `${day}: ${count(loaded, "row")}`),
      svg("rect", { class: "room", x: at, y: 0, width: 1, height: HEIGHT }),
      svg("rect", { class: "column", x: at + 0.12, y: HEIGHT - height, width: 0.76, height }));
  });
  return h("figure", { class: "chart" },
    h("div", { class: "most" }, number(most)),
    svg("svg", { viewBox: `0 0 ${length} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `Rows loaded a day, the last ${length} days: ${number(total)} in all, ${number(most)} at most.` }, bars),
    h("div", { class: "days" }, [0, Math.floor(length / 2), length - 1].map((at) => h("span", {}, each[at].slice(5)))));
}

const utc = (time) => new Date(time).toISOString().slice(0, 10);
