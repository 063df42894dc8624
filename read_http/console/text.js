// Numbers, sizes, times and formats in words.

const NUMBER = new Intl.NumberFormat("en");
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30]];
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];
const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", "^": "carets", " ": "spaces" };
const QUOTES = { "'": "single quotes", "": "no quotes" };

export const number = (value) => (value == null ? "–" : NUMBER.format(value));

/** `3 rows`, `1 row`. */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

export function size(bytes) {
  if (bytes == null) return "–";
  const step = Math.floor(Math.log10(Math.max(bytes, 1)) / 3);
  const value = bytes / 1000 ** step;
  return `${step && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[step]}`;
}

export function duration(milliseconds) {
  if (milliseconds == null) return "–";
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** `2026-11-23 19:24:55` where the reader is; Swedes write it so. */
export const moment = (iso) => iso && new Date(iso).toLocaleString("sv");

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

/** What a file's format is, a few words each; of an archive only how it is compressed is known. */
export function format(found) {
  if (!found?.encoding) return [found?.compression].filter(Boolean);
  const header = found.header_line === null ? "no header" : `header on line ${found.header_line}`;
  return [
    found.compression,
    found.encoding.replace("utf-8-sig", "utf-8").toUpperCase() + (found.has_bom ? " with BOM" : ""),
    found.delimiter ? `separated by ${DELIMITERS[found.delimiter]}` : "one column",
    QUOTES[found.quote],
    found.escape && "backslash escapes",
    found.header_lines > 1 ? `${header}, ${found.header_lines} lines` : header,
    found.decimal === "," && "decimal comma",
    found.thousands && `thousands by ${JSON.stringify(found.thousands)}`,
  ].filter(Boolean);
}
