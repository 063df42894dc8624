// Rows per day, drawn as bars.

import { h, svg } from "./dom.js";
import { count, number } from "./text.js";

const HEIGHT = 100;
const DAY = 86_400_000;

/** A chart of `days`, `{day, rows}` each, for the last `length` of them in UTC; days without rows are gaps. */
export function chart(days, length) {
  const rows = new Map(days.map(({ day, rows: loaded }) => [day, loaded]));
  const end = Math.max(Date.now(), ...days.map(({ day }) => Date.parse(day)));
  const each = Array.from({ length }, (_, at) => new Date(end - (length - 1 - at) * DAY).toISOString().slice(0, 10));
  const loaded = each.map((day) => rows.get(day) ?? 0);
  const most = Math.max(...loaded);
  const total = loaded.reduce((sum, one) => sum + one, 0);
  const bars = each.map((day, x) => {
    const height = loaded[x] && Math.max((HEIGHT * loaded[x]) / most, 1.5);
    return svg("g", svg("title", `${day}: ${count(loaded[x], "row")}`),
      svg("rect.room", { x, width: 1, height: HEIGHT }),
      svg("rect.fill.inserted", { x: x + 0.12, y: HEIGHT - height, width: 0.76, height }));
  });
  const label = `Rows loaded a day, the last ${length} days: ${number(total)} in all, ${number(most)} at most.`;
  return h("figure.chart.box.muted", h("div", number(most)),
    svg("svg", { viewBox: `0 0 ${length} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, bars),
    h("div.days", [0, Math.floor(length / 2), length - 1].map((at) => h("span", each[at].slice(5)))));
}
