/**
 * A trace as a scene: what a figure draws, with times and columns as numbers.
 *
 * Each record has a column, and each pane has one after the record that caused it. A moment without a record has a column
 * of its own.
 *
 * @module
 */
import type { TraceEvent, TracePane, TraceResult } from "./events.ts";
import type { Band, Firing, Legend, Pane, Result, Row, Scene, Spot, Stair } from "./figures/scene.ts";
import { COLUMNS } from "./_limits.ts";
import { isResult, placeName, stageName, stepsOf } from "./_steps.ts";
import { counted, type TimeWords, timeWords, wordOf } from "./_words.ts";

/** The narrowest column and the narrowest picture, and the mean width of a letter, in pixels. */
const COLUMN = 26, NARROWEST = 560, LETTER = 7.2;
/** The least and the largest left edge for the names of rows, in pixels. */
const LEFTS = [76, 128] as const;
/** The most digits of a time, and the mean width of one, in pixels. */
const TIME = 23, DIGIT = 6.6;
/** How many lines the axis of event time has at most. */
const LINES = 8;

/** Makes the scene of a trace. */
export function sceneOf(
  { events, leftOut }: { readonly events: readonly TraceEvent[]; leftOut: number },
  title?: string,
): Scene {
  const shown = firstOf(events);
  const range = rangeOf(shown);
  const words = timeWords(range.low, range.high, LINES);
  const build = new SceneBuilder(shown, words, range);
  for (const step of stepsOf(shown)) build.step(step);
  const more = events.length - shown.length + leftOut;
  return {
    title: title ?? `Event time${build.stages.length > 0 ? ` in ${build.stages.map(stageName).join(", ")}` : ""}`,
    description: describe(shown, more, words),
    ...build.finish(range),
    note: events.length === 0 ? "nothing has happened" : more > 0 ? counted(more, "more event") : undefined,
  };
}

/** The events of the steps that fit into a picture. */
function firstOf(events: readonly TraceEvent[]): readonly TraceEvent[] {
  let columns = 0;
  const end = events.findIndex((event) => (event.kind === "record" || isResult(event)) && ++columns > COLUMNS);
  return end === -1 ? events : events.filter(({ step }) => step < events[end].step);
}

/** The lowest and the highest time of what is drawn. A watermark may be lower; its line then begins at the edge. */
function rangeOf(events: readonly TraceEvent[]): { readonly low: number; readonly high: number } {
  const times = events.flatMap((event) =>
    event.kind === "pane" ? [event.window.start, event.window.end] : "time" in event ? [event.time] : []
  ).filter((time) => Number.isFinite(time) && Math.abs(time) < Number.MAX_SAFE_INTEGER);
  if (times.length === 0) return { low: 0, high: 1 };
  const low = Math.min(...times), high = Math.max(...times);
  return { low, high: high === low ? low + 1 : high };
}

/** The picture in sentences, for those who do not see it. */
function describe(events: readonly TraceEvent[], more: number, { word }: TimeWords): string {
  const of = <K extends TraceEvent["kind"]>(kind: K) =>
    events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind);
  const records = of("record"), late = of("late"), panes = of("pane"), marks = of("watermark");
  const places = new Set(records.map(placeName));
  const first = `${counted(records.length, "record")} from ${
    [...places].sort().join(", ") || "nowhere"
  }, ${late.length} late.`;
  const last = marks.at(-1);
  const ended = of("end").length > 0;
  const time = ended
    ? "The input ends."
    : last === undefined
    ? "There is no watermark yet."
    : `The watermark is at ${word(last.watermark)} in the end.`;
  const stages = [...Map.groupBy(panes, ({ stage }) => stage)].map(([stage, panes]) =>
    `${stageName(stage)} emits ${counted(panes.length, "pane")}: ${
      panes.slice(0, 20).map((pane) => paneWords(pane, word)).join("; ")
    }${panes.length > 20 ? "; and more" : ""}.`
  );
  const others = [...Map.groupBy(of("result"), ({ stage }) => stage)].map(([stage, results]) =>
    `${stageName(stage)} emits ${counted(results.length, "result")}: ${
      results.slice(0, 20).map((result) => resultSentence(result, word)).join("; ")
    }${results.length > 20 ? "; and more" : ""}.`
  );
  return [first, time, ...stages, ...others, ...(more > 0 ? [`${counted(more, "more event")}.`] : [])].join(" ");
}

/** `ada from 0:00 to 1:00 is 2` */
function paneWords({ key, window, value, pane, retracts }: TracePane, word: (time: number) => string): string {
  const kind = retracts ? "taken back, " : pane === "onTime" ? "" : `${pane}, `;
  return `${kind}${wordOf(key)} from ${word(window.start)} to ${word(window.end)} is ${wordOf(value)}`;
}

/** `ada 2 at 0:50` */
function resultSentence({ words, time }: TraceResult, word: (time: number) => string): string {
  return `${words.join(" ")}${Number.isNaN(time) ? "" : ` at ${word(time)}`}`;
}

const KINDS = { early: "early pane", onTime: "pane", late: "late pane" } as const;

/** Builds a scene, step by step from the left. */
class SceneBuilder {
  readonly stages: string[];
  readonly #places: string[];
  readonly #tasks: number[];
  readonly #records: Spot[] = [];
  readonly #panes: Pane[] = [];
  readonly #results: Result[] = [];
  readonly #firings: Firing[] = [];
  readonly #bands = new Map<string, Band>();
  readonly #stairs: Map<string, Stair>;
  /** Where the first record of each place and time came, for the beginning of a window. */
  readonly #arrived: { readonly x: number; readonly time: number }[] = [];
  /** Beside the names of the rows. */
  readonly #left: number;
  #x: number;
  #end: number | undefined;

  constructor(events: readonly TraceEvent[], readonly words: TimeWords, range: { low: number; high: number }) {
    this.stages = [...new Set(events.filter(isResult).map(({ stage }) => stage))];
    this.#places = [...new Set(events.flatMap((event) => "partition" in event ? [placeName(event)] : []))].sort();
    this.#tasks = [...new Set(events.map(({ task }) => task))];
    const own = this.#places.length > 1;
    const places = own ? this.#places.map((name, index) => ({ name, index, of: "partition" as const })) : [];
    const tasks = this.#tasks.map((task) => ({
      name: this.#tasks.length > 1 ? `watermark ${task}` : "watermark",
      index: 0,
      of: "watermark" as const,
    }));
    const longest = Math.max(...["records", ...this.stages.map(stageName)].map((name) => name.length));
    const time = Math.max(words.word(range.low).length, words.word(range.high).length);
    const beside = Math.min(LEFTS[1], Math.max(LEFTS[0], longest * LETTER + 28));
    this.#left = this.#x = Math.max(beside, Math.min(time, TIME) * DIGIT + 20);
    this.#stairs = new Map([...places, ...tasks].map((one) => [one.name, { ...one, points: [], idle: [] }]));
  }

  /** Adds a step: the column of its record, then those of its panes. */
  step(events: readonly TraceEvent[]): void {
    const { word } = this.words;
    const record = events.find((event) => event.kind === "record");
    const late = events.filter((event) => event.kind === "late");
    const visible = events.some(({ kind }) => kind !== "mark" && kind !== "active");
    if (!visible) return;
    if (record !== undefined) {
      const label = `${late.length > 0 ? "× " : ""}${record.text === "" ? word(record.time) : record.text}`;
      const x = this.#column(label);
      this.#arrived.push({ x, time: record.time });
      const refused = late.map(({ stage }) => `, late for ${stageName(stage)}`).join("");
      const title = `${placeName(record)}${record.offset === undefined ? "" : `@${record.offset}`} at ${
        word(record.time)
      }${refused}: ${wordOf(record.value, 80)}`;
      const place = this.#places.indexOf(placeName(record));
      this.#records.push({ x, time: record.time, place, late: late.length > 0, label, title });
    } else this.#column("");
    for (const event of events) this.#event(event);
  }

  /** A column as wide as its labels. Returns its middle. */
  #column(...labels: string[]): number {
    const width = Math.max(COLUMN, ...labels.map((label) => [...label].length * LETTER + 10));
    this.#x += width;
    return this.#x - width / 2;
  }

  #event(event: TraceEvent): void {
    const x = this.#x;
    switch (event.kind) {
      case "mark":
        return this.#climb(placeName(event), event.mark);
      case "watermark":
        return this.#climb(this.#tasks.length > 1 ? `watermark ${event.task}` : "watermark", event.watermark);
      case "end":
        this.#end ??= x;
        return this.#climb(this.#tasks.length > 1 ? `watermark ${event.task}` : "watermark", Infinity);
      case "idle":
        return void this.#stairs.get(placeName(event))?.idle.push({ from: x, to: undefined });
      case "active": {
        const since = this.#stairs.get(placeName(event))?.idle.at(-1);
        if (since !== undefined) since.to = x;
        return;
      }
      case "firing":
        return void this.#firings.push({ x, time: event.watermark ?? Infinity });
      case "pane":
        return this.#pane(event);
      case "result":
        return this.#result(event);
    }
  }

  #climb(name: string, time: number): void {
    this.#stairs.get(name)?.points.push({ x: this.#x, time });
  }

  #pane(event: TracePane): void {
    const { window: { start, end }, key, value, pane, retracts, stage } = event;
    const label = [`${retracts ? "− " : ""}${wordOf(key, 12)}`, wordOf(value, 12)];
    const x = this.#column(...label);
    const title = `${stageName(stage)}: ${paneWords(event, this.words.word)}`;
    this.#panes.push({ x, start, end, kind: pane, retracts, label, title, row: this.stages.indexOf(stage) });
    const first = this.#arrived.find(({ time }) => time >= start && time < end);
    const id = `${stage} ${start} ${end}`;
    const band = this.#bands.get(id);
    if (band !== undefined) band.to = x;
    else if (first !== undefined) this.#bands.set(id, { from: first.x, to: x, start, end });
  }

  #result(event: TraceResult): void {
    const { words: label, stage, time } = event;
    // Its second line is bold, and so is wider.
    const x = this.#column(...label.map((word) => `${word} `));
    const title = `${stageName(stage)}: ${resultSentence(event, this.words.word)}`;
    this.#results.push({ x, time, label, title, row: this.stages.indexOf(stage) });
  }

  /** The scene without its words. */
  finish(
    { low, high }: { readonly low: number; readonly high: number },
  ): Omit<Scene, "title" | "description" | "note"> {
    const right = Math.max(this.#x + 20, NARROWEST - 24);
    const { step, word } = this.words;
    const ticks: Row[] = [];
    for (let time = Math.ceil(low / step) * step; time <= high && this.#x > this.#left; time += step) {
      ticks.push({ time, word: word(time) });
    }
    return {
      ...{ left: this.#left, right, low, high, ticks, end: this.#end },
      rows: ["records", ...this.stages.map(stageName)],
      bands: this.#separate() ? [...this.#bands.values()] : [],
      stairs: [...this.#stairs.values()].filter(({ points, idle }) => points.length + idle.length > 0),
      ...{ records: this.#records, panes: this.#panes, results: this.#results, firings: this.#firings },
      legend: this.#legend(),
    };
  }

  /** Whether no window overlaps another one. */
  #separate(): boolean {
    const bands = [...this.#bands.values()].sort((a, b) => a.start - b.start);
    return bands.every(({ end }, index) => index + 1 === bands.length || end <= bands[index + 1].start);
  }

  #legend(): Legend[] {
    const several = this.#places.length > 1;
    const legend: Legend[] = this.#places.map((name, place) => ({
      of: "record",
      place,
      name: several ? name : "record",
    }));
    if (this.#records.some(({ late }) => late)) legend.push({ of: "late", place: 0, name: "late record" });
    legend.push({ of: "watermark", place: 0, name: "watermark" });
    for (const kind of ["early", "onTime", "late"] as const) {
      if (!this.#panes.some((pane) => pane.kind === kind && !pane.retracts)) continue;
      legend.push({ of: "pane", place: 0, name: KINDS[kind], kind });
    }
    if (this.#panes.some(({ retracts }) => retracts)) legend.push({ of: "retracted", place: 0, name: "taken back" });
    if (this.#results.length > 0) legend.push({ of: "result", place: 0, name: "result" });
    if ([...this.#stairs.values()].some(({ idle }) => idle.length > 0)) {
      legend.push({ of: "idle", place: 0, name: "idle partition" });
    }
    return legend;
  }
}
