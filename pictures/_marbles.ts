/**
 * A trace as marbles: lines of text, with a column for each record and each pane.
 *
 * @module
 */
import type { TraceEvent, TracePane } from "./events.ts";
import { COLUMNS, LINE_CHARACTERS } from "./_limits.ts";
import { isResult, placeName, stageName, stepsOf } from "./_steps.ts";
import { counted, timeWords, wordOf } from "./_words.ts";

/** What is drawn. */
interface Drawn {
  readonly events: readonly TraceEvent[];
  readonly leftOut: number;
}

/** The cells of one column by the names of their rows; "" has its width. */
type Cells = ReadonlyMap<string, string>;

/** The narrowest picture, in characters. */
const NARROWEST = 40;

/** Draws the marbles of a trace. */
export function marblesOf(
  { events, leftOut }: Drawn,
  { width = LINE_CHARACTERS }: { readonly width?: number },
): string {
  if (!(Number.isSafeInteger(width) && width >= NARROWEST)) {
    throw new RangeError(`Cannot draw marbles: width must be an integer of at least 40, current value is ${width}`);
  }
  if (events.length === 0) return "nothing has happened";
  const steps = stepsOf(events).slice(0, COLUMNS);
  const shown = steps.flat();
  const times = shown.flatMap((event) => "time" in event ? [event.time] : []);
  const { word } = timeWords(Math.min(...times, Infinity), Math.max(...times, -Infinity), 8);
  const several = new Set(shown.map(({ task }) => task)).size > 1;
  const rows = rowsOf(shown, several);
  const columns = steps.flatMap(partsOf).map((part) => cellsOf(part, word, several)).filter(({ size }) => size > 1);
  const name = Math.max(...rows.map((row) => row.length)) + 2;
  const ended = shown.some(({ kind }) => kind === "end") && events.length === shown.length;
  const blocks = blocksOf(columns, width - name - 3).map((block, index, all) => {
    const end = index < all.length - 1 ? "--…" : ended ? "--|" : "--";
    return rows.map((row) => `${row.padEnd(name)}${block.map((cells) => cellOf(cells, row)).join("")}${end}`).join(
      "\n",
    );
  });
  const more = events.length - shown.length + leftOut;
  return blocks.join("\n\n") + (more > 0 ? `\n\n${counted(more, "more event")}` : "");
}

/** The rows in their order: partitions, watermarks, panes, late records. */
function rowsOf(events: readonly TraceEvent[], several: boolean): string[] {
  const rows: string[][] = [[], [], [], []];
  for (const event of events) {
    const [group, row] = rowOf(event, several) ?? [];
    if (group !== undefined && row !== undefined && !rows[group].includes(row)) rows[group].push(row);
  }
  rows[0].sort();
  return rows.flat();
}

/** The group and the name of an event's row; `undefined` for events that marbles do not show. */
function rowOf(event: TraceEvent, several: boolean): [group: number, name: string] | undefined {
  switch (event.kind) {
    case "record":
    case "idle":
      return [0, placeName(event)];
    case "watermark":
      return [1, several ? `watermark ${event.task}` : "watermark"];
    case "pane":
    case "result":
      return [2, stageName(event.stage)];
    case "late":
      return [3, `late for ${stageName(event.stage)}`];
    default:
      return undefined;
  }
}

/** The parts of a step that have a column each: its record with the watermark, every pane and every result. */
function partsOf(step: readonly TraceEvent[]): TraceEvent[][] {
  return [step.filter((event) => !isResult(event)), ...step.filter(isResult).map((result) => [result])];
}

function cellsOf(step: readonly TraceEvent[], word: (time: number) => string, several: boolean): Cells {
  const cells = new Map<string, string>();
  for (const event of step) {
    const [, row] = rowOf(event, several) ?? [];
    if (row === undefined) continue;
    const before = cells.get(row) ?? "";
    // Only the last watermark of a step is shown.
    cells.set(row, event.kind === "watermark" ? word(event.watermark) : before + textOf(event, word));
  }
  const width = Math.max(0, ...Array.from(cells.values(), (cell) => cell.length));
  return cells.set("", "-".repeat(width));
}

function textOf(event: TraceEvent, word: (time: number) => string): string {
  switch (event.kind) {
    case "record":
    case "late":
      return event.text === "" ? word(event.time) : `${event.text}@${word(event.time)}`;
    case "pane":
      return paneText(event, word);
    case "result":
      return `(${event.words.join(": ")})`;
    default:
      return event.kind;
  }
}

/** `(ada [0,10): 2)`, with its kind in front unless it is on time. */
function paneText({ key, window, value, pane, retracts }: TracePane, word: (time: number) => string): string {
  const kind = pane === "onTime" ? "" : `${pane} `;
  const span = `[${word(window.start)},${word(window.end)})`;
  return `(${retracts ? "- " : ""}${kind}${wordOf(key)} ${span}: ${wordOf(value)})`;
}

/** A cell with the dashes before it and after it, as wide as the column. */
function cellOf(cells: Cells, row: string): string {
  const width = cells.get("")!.length;
  return `--${(cells.get(row) ?? "").padEnd(width, "-")}`;
}

/** Cuts columns into blocks that are no wider than `width`; each has one column at least. */
function blocksOf(columns: readonly Cells[], width: number): Cells[][] {
  const blocks: Cells[][] = [];
  let used = Infinity;
  for (const cells of columns) {
    const wide = cells.get("")!.length + 2;
    if (used + wide > width) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)!.push(cells);
    used += wide;
  }
  return blocks;
}
