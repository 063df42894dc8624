// Numbers, sizes, times, file formats and schema changes as text.

const NUMBER = new Intl.NumberFormat("en");
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const TIME_UNITS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30]];
const SIZE_UNITS = ["KB", "MB", "GB", "TB"];
const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", "^": "carets", " ": "spaces" };
const QUOTES = { "'": "single quotes", "": "no quotes" };

export const formatNumber = (value) => (value == null ? "–" : NUMBER.format(value));

/** `3 rows`, `1 row`. */
export const formatCount = (value, noun) => `${formatNumber(value)} ${noun}${value === 1 ? "" : "s"}`;

export function formatSize(bytes) {
  if (bytes == null) return "–";
  if (bytes < 1000) return formatCount(bytes, "byte");
  const step = Math.floor(Math.log10(bytes) / 3);
  const value = bytes / 1000 ** step;
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${SIZE_UNITS[step - 1]}`;
}

export function formatDuration(milliseconds) {
  if (milliseconds == null) return "–";
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** `2026-11-23 19:24:55` in the reader's time zone, which is how the Swedish locale formats it. */
export const formatTime = (iso) => iso && new Date(iso).toLocaleString("sv");

/** `3 min. ago`, or the date of a time more than 30 days ago. */
export function formatRelativeTime(iso) {
  let elapsed = (Date.now() - new Date(iso)) / 1000;
  if (elapsed < 5) return "just now";
  for (const [unit, length] of TIME_UNITS) {
    if (elapsed < length) return RELATIVE.format(-Math.floor(elapsed), unit);
    elapsed /= length;
  }
  return formatTime(iso).slice(0, 10);
}

/** The format of a file in short phrases; for an archive only its compression is known. */
export function describeFormat(format) {
  if (!format?.encoding) return [format?.compression].filter(Boolean);
  const header = format.header_line === null ? "no header" : `header on line ${format.header_line}`;
  return [
    format.compression,
    format.encoding.replace("utf-8-sig", "utf-8").toUpperCase() + (format.has_bom ? " with BOM" : ""),
    format.delimiter ? `separated by ${DELIMITERS[format.delimiter]}` : "one column",
    QUOTES[format.quote],
    format.escape && "backslash escapes",
    format.header_lines > 1 ? `${header}, ${format.header_lines} lines` : header,
    format.decimal === "," && "decimal comma",
    format.thousands && `thousands separator ${JSON.stringify(format.thousands)}`,
  ].filter(Boolean);
}

/** A change of a dataset's table: `New column: region (text)`. */
export function describeChange({ change, column, from, type, columns, key, contract }) {
  const keyText = key?.length ? `key: ${key.join(", ")}` : "no key";
  return {
    added: `New column: ${column} (${type})`,
    widened: `Wider type: ${column} (${from} to ${type})`,
    "made nullable": `Now nullable: ${column}`,
    required: `No longer nullable: ${column}`,
    created: `Table created with ${formatCount(Object.keys(columns ?? {}).length, "column")}, ${keyText}`,
    "key set": `Key set: ${key?.join(", ")}`,
    declared: `Contract: ${contract}`,
  }[change] ?? change;
}
