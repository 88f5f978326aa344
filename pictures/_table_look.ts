/**
 * A table as text and as HTML.
 *
 * @module
 */
import type { Display } from "./_notebook.ts";
import type { Rows } from "./_rows.ts";
import { type Markup, markup } from "./_svg.ts";
import { safe } from "./_words.ts";

/** What stands around the rows. */
export interface Around {
  readonly title: string | undefined;
  readonly status: string;
}

/** The table for a terminal and for a notebook. */
export function tableLook(rows: Rows, around: Around): Display {
  return { "text/plain": plainTable(rows, around), "text/html": htmlTable(rows, around) };
}

function plainTable({ columns, cells }: Rows, { title, status }: Around): string {
  const widths = columns.map(({ name }, column) =>
    Math.max(...[name, ...cells.map((row) => row[column])].map((word) => [...word].length))
  );
  const line = (words: readonly string[]) =>
    words.map((word, column) => {
      const fill = " ".repeat(widths[column] - [...word].length);
      return columns[column].numbers ? fill + word : word + fill;
    }).join("  ").trimEnd();
  return [
    ...(title === undefined ? [] : [safe(title)]),
    ...(columns.length === 0
      ? []
      : [line(columns.map(({ name }) => name)), line(widths.map((wide) => "─".repeat(wide)))]),
    ...cells.map(line),
    safe(status),
  ].join("\n");
}

const CELL = "padding: 3px 18px 3px 0; white-space: nowrap";
const HEAD = "border-bottom: 1px solid currentColor; font-weight: 600";
const LINE = "border-bottom: 1px solid rgba(127, 127, 127, 0.25)";

function htmlTable({ columns, cells }: Rows, { title, status }: Around): string {
  const side = (column: number) => `text-align: ${columns[column].numbers ? "right" : "left"}`;
  const head = columns.map(({ name }, column) =>
    markup("th", { scope: "col", style: `${CELL}; ${side(column)}; ${HEAD}` }, name)
  );
  const body = cells.map((row) =>
    markup("tr", {}, ...row.map((word, column) => markup("td", { style: `${CELL}; ${side(column)}; ${LINE}` }, word)))
  );
  const table = markup(
    "table",
    { style: "border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0" },
    markup("thead", {}, markup("tr", {}, ...head)),
    markup("tbody", {}, ...body),
  );
  return framed(columns.length === 0 ? [] : [table], title, status);
}

/** The HTML of a view: its title, what it shows, and its status. */
export function framed(content: readonly Markup[], title: string | undefined, status: string): string {
  const above = title === undefined
    ? []
    : [markup("div", { style: "font-weight: 600; font-size: 1.1em; margin: 0 0 4px" }, title)];
  const below = status === ""
    ? []
    : [markup("figcaption", { style: "opacity: 0.75; font-size: 0.9em; margin: 4px 0 0" }, status)];
  return markup(
    "figure",
    { style: "margin: 0" },
    ...above,
    ...content,
    ...below,
  ).text;
}
