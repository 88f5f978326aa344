/**
 * A picture for notebooks: the SVG as an image, and its events as a table.
 *
 * An image has its own style sheet, and nothing in it can run. Every style is inline, because notebooks remove the others.
 *
 * @module
 */
import type { TraceEvent } from "./events.ts";
import { TABLE_LINES } from "./_limits.ts";
import { placeName, stageName } from "./_steps.ts";
import { escaped, Markup, markup } from "./_svg.ts";
import { counted, timeWords, wordOf } from "./_words.ts";

const CELL = "text-align: left; padding: 2px 16px 2px 0";
const HEADS = ["step", "what", "where", "event time", "value"];

/** Makes the HTML of a picture. */
export function htmlOf(
  svg: string,
  { events, leftOut }: { readonly events: readonly TraceEvent[]; leftOut: number },
): string {
  const image = imageOf(svg);
  const times = events.flatMap((event) => "time" in event ? [event.time] : []);
  const { word } = timeWords(Math.min(...times, Infinity), Math.max(...times, -Infinity), 8);
  const lines = events.slice(0, TABLE_LINES).map((event) =>
    markup("tr", {}, ...cellsOf(event, word).map((cell) => markup("td", { style: CELL }, cell)))
  );
  const more = events.length - lines.length + leftOut;
  const head = markup(
    "tr",
    {},
    ...HEADS.map((name) => markup("th", { scope: "col", style: CELL }, name)),
  );
  return markup(
    "figure",
    { style: "margin: 0" },
    image,
    markup(
      "details",
      {},
      markup("summary", {}, "Show as table"),
      markup("table", {}, markup("thead", {}, head), markup("tbody", {}, ...lines)),
      more > 0 ? counted(more, "more event") : "",
    ),
  ).text;
}

/** The cells of an event. */
function cellsOf(event: TraceEvent, word: (time: number) => string): string[] {
  const { step, kind } = event;
  const [where, time, value] = restOf(event, word);
  return [String(step), kind, where, time, value];
}

function restOf(event: TraceEvent, word: (time: number) => string): [where: string, time: string, value: string] {
  switch (event.kind) {
    case "record":
      return [placeName(event), word(event.time), wordOf(event.value, 80)];
    case "late":
      return [stageName(event.stage), word(event.time), wordOf(event.value, 80)];
    case "mark":
      return [placeName(event), word(event.mark), ""];
    case "idle":
    case "active":
      return [placeName(event), "", ""];
    case "watermark":
      return [`task ${event.task}`, word(event.watermark), ""];
    case "end":
      return [`task ${event.task}`, "", ""];
    case "firing":
      return [stageName(event.stage), event.watermark === undefined ? "" : word(event.watermark), ""];
    case "result":
      return [stageName(event.stage), Number.isNaN(event.time) ? "" : word(event.time), wordOf(event.value, 80)];
    case "pane": {
      const { window: { start, end }, key, value, pane, retracts } = event;
      const kind = `${retracts ? "taken back, " : ""}${pane}`;
      return [stageName(event.stage), `[${word(start)}, ${word(end)})`, `${kind}: ${wordOf(key)} ${wordOf(value, 80)}`];
    }
  }
}

/** A picture as an image. @param words what it shows, for those who do not see it. @default its title */
export function imageOf(svg: string, words?: string): Markup {
  const alt = words === undefined ? /<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? "" : escaped(words);
  return new Markup(
    `<img alt="${alt}" style="max-width: 100%; height: auto" src="data:image/svg+xml,${encodeURIComponent(svg)}">`,
  );
}
