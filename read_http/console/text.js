// Numbers, sizes, times and states in words.

const NUMBER = new Intl.NumberFormat("en");
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30]];

export const number = (value) => (value === null || value === undefined ? "–" : NUMBER.format(value));

/** `3 rows`, `1 row`. */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${step && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** `2026-11-23 19:24:55` where the reader is. */
export function moment(iso) {
  const time = new Date(iso);
  const two = (value) => String(value).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** `3 min. ago`, or the day where that is long ago. */
export function ago(iso) {
  let past = (Date.now() - new Date(iso)) / 1000;
  if (past < 5) return "just now";
  for (const [unit, length] of STEPS) {
    if (past < length) return AGO.format(-Math.floor(past), unit);
    past /= length;
  }
  return moment(iso).slice(0, 10);
}

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", "^": "carets", " ": "spaces" };

/** What a file's format is, a few words each. */
export function format(found) {
  if (!found) return [];
  const header = found.header_line === null ? "no header" : `header on line ${found.header_line}`;
  const quotes = { '"': null, "'": "single quotes", "": "no quotes" }[found.quote];
  return [
    found.compression,
    found.encoding.replace("utf-8-sig", "utf-8").toUpperCase() + (found.has_bom ? " with BOM" : ""),
    found.delimiter ? `separated by ${DELIMITERS[found.delimiter]}` : "one column",
    quotes,
    found.escape && "backslash escapes",
    found.header_lines > 1 ? `${header}, ${found.header_lines} lines` : header,
    found.decimal === "," && "decimal comma",
    found.thousands && `thousands by ${JSON.stringify(found.thousands)}`,
  ].filter(Boolean);
}
