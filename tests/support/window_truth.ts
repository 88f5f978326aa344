/**
 * The expected results of windows of any kind, computed in the obvious way: all records are kept, and at each step the
 * windows are formed again from all of them.
 *
 * It shares no code with the operators, and is not fast.
 */
import { type Row, watermarkAfter } from "./oracle.ts";

/** A span of time, `end` left out. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** After how many records, or milliseconds of event time, a pane comes besides the watermark's own. */
export type Every = { readonly records: number } | { readonly ms: number } | undefined;

/** The rules of windows. */
export interface WindowRules {
  readonly partitions: number;
  readonly maxOutOfOrderness: number;
  readonly allowedLateness: number;
  readonly panes: "accumulate" | "discard" | "retract";
  readonly onClose: boolean;
  readonly early: Every;
  readonly late: Every;
  /** The windows that a record opens or joins. */
  readonly spansOf: (row: Row) => readonly Span[];
  /** Whether windows of a key that touch are one. */
  readonly merges: boolean;
}

/** A result: the places of the records that it holds, in their order. */
export interface Pane extends Span {
  readonly key: string;
  readonly members: readonly number[];
  readonly pane: "early" | "onTime" | "late";
  readonly index: number;
  readonly retracts?: true;
}

/** What comes out after each record, the end of the input last. Within a step the order is free. */
export interface WindowTruth {
  readonly steps: readonly (readonly Pane[])[];
  readonly late: readonly number[];
}

/** A window of a key with its records, as they are now. */
interface Formed extends Span {
  readonly key: string;
  readonly members: readonly number[];
}

/** A pane that was emitted, and what its window held then. */
interface Emitted extends Pane {
  readonly held: readonly number[];
  retracted: boolean;
}

/** All panes and all late records. */
export function windowTruth(rows: readonly Row[], rules: WindowRules): WindowTruth {
  const run = new Run(rows, rules);
  const marks = rows.map((_, place) => watermarkAfter(rows, place + 1, rules));
  const steps = rows.map((_, place) => run.next(place, marks[place - 1] ?? -Infinity, marks[place]));
  return { steps: [...steps, run.advance(marks.at(-1) ?? -Infinity, Infinity)], late: run.late };
}

/** A record that was accepted, with the windows that it joined. */
interface Accepted {
  readonly place: number;
  readonly spans: readonly Span[];
}

class Run {
  readonly late: number[] = [];
  readonly #accepted: Accepted[] = [];
  readonly #emitted: Emitted[] = [];
  readonly #closed = new Set<string>();
  #step: Pane[] = [];

  constructor(readonly rows: readonly Row[], readonly rules: WindowRules) {}

  /** The next record, and the watermark that it causes. */
  next(place: number, watermark: number, then: number): Pane[] {
    const { merges, spansOf, onClose } = this.rules;
    this.#step = [];
    const all = spansOf(this.rows[place]);
    const spans = all.filter((span) => merges || this.#goneAt(span) > watermark);
    const mine = this.#form({ place, spans }).filter(({ members }) => members.includes(place));
    const over = mine.length === 0 || (merges && this.#goneAt(mine[0]) <= watermark);
    if (all.length > 0 && over) this.late.push(place);
    else {
      this.#accepted.push({ place, spans });
      for (const one of mine) {
        const after = one.end - 1 <= watermark;
        const every = after ? this.rules.late : this.rules.early;
        if (onClose || every === undefined || !("records" in every)) continue;
        if (this.#pending(one).length >= every.records) this.#fire(one, after ? "late" : "early");
      }
    }
    return [...this.#step, ...this.advance(watermark, then)];
  }

  /** Everything that happens between two watermarks. */
  advance(from: number, to: number): Pane[] {
    this.#step = [];
    const spans = this.#form();
    const times = new Set(spans.flatMap((one) => [one.end - 1, this.#goneAt(one)]));
    for (const every of [this.rules.early, this.rules.late]) {
      if (every === undefined || !("ms" in every)) continue;
      for (const one of spans) {
        const first = Math.ceil(Math.max(one.start, from) / every.ms) * every.ms;
        for (let at = first; at <= Math.min(this.#goneAt(one), to); at += every.ms) times.add(at);
      }
    }
    for (const at of [...times].filter((at) => at > from && at <= to).sort((a, b) => a - b)) this.#reach(at);
    return this.#step;
  }

  /** Everything that happens at one time. */
  #reach(at: number): void {
    const { onClose, early, late } = this.rules;
    for (const one of this.#form()) {
      if (!onClose && one.end - 1 === at) this.#fire(one, "onTime");
      if (this.#goneAt(one) !== at) continue;
      if (onClose) this.#fire(one, "onTime");
      else if (this.#pending(one).length > 0) this.#fire(one, "late");
      for (const place of one.members) this.#closed.add(this.#nameOf(one.key, one, place));
    }
    for (const one of onClose ? [] : this.#form()) {
      const after = one.end - 1 < at;
      if (at <= one.start || !isDue(after ? late : early, at) || this.#pending(one).length === 0) continue;
      this.#fire(one, after ? "late" : "early");
    }
  }

  /** The windows that are not closed, formed from all accepted records, and one more. */
  #form(...more: Accepted[]): Formed[] {
    const parts = [...this.#accepted, ...more].flatMap(({ place, spans }) => {
      const { key } = this.rows[place];
      return spans.filter((span) => !this.#closed.has(this.#nameOf(key, span, place)))
        .map(({ start, end }) => ({ key, start, end, members: [place] }));
    });
    const formed: Formed[] = [];
    for (const part of parts.sort((a, b) => a.start - b.start || a.end - b.end)) {
      const at = formed.findIndex((one) => this.#isSame(one, part));
      if (at === -1) formed.push(part);
      else {
        const { key, start, end, members } = formed[at];
        const all = [...members, ...part.members].sort((a, b) => a - b);
        formed[at] = { key, start, end: Math.max(end, part.end), members: all };
      }
    }
    return formed;
  }

  #isSame(one: Formed, other: Formed): boolean {
    if (one.key !== other.key) return false;
    if (this.rules.merges) return one.end >= other.start && other.end >= one.start;
    return one.start === other.start && one.end === other.end;
  }

  /** What was emitted of a window, or of those that were merged into it. */
  #before(one: Formed): Emitted[] {
    return this.#emitted.filter(({ key, start, end, held }) => {
      if (key !== one.key) return false;
      if (this.rules.merges) return held.every((place) => one.members.includes(place));
      return start === one.start && end === one.end;
    });
  }

  /** The records that came since the last pane. */
  #pending(one: Formed): number[] {
    const seen = new Set(this.#before(one).flatMap(({ held }) => held));
    return one.members.filter((place) => !seen.has(place));
  }

  #fire(one: Formed, pane: Pane["pane"]): void {
    const { key, start, end, members } = one;
    const { panes } = this.rules;
    const value = panes === "discard" ? this.#pending(one) : members;
    if (value.length === 0) return;
    const before = this.#before(one);
    const result = { key, start, end, members: value, pane, index: before.length };
    for (const replaced of panes === "retract" ? before : []) {
      if (replaced.retracted) continue;
      replaced.retracted = true;
      const { held: _, retracted: _also, ...rest } = replaced;
      this.#step.push({ ...rest, retracts: true });
    }
    this.#emitted.push({ ...result, held: members, retracted: false });
    this.#step.push(result);
  }

  #goneAt({ end }: Span): number {
    return end - 1 + this.rules.allowedLateness;
  }

  #nameOf(key: string, { start, end }: Span, place: number): string {
    return this.rules.merges ? `${place}` : `${key} ${start} ${end}`;
  }
}

function isDue(every: Every, at: number): boolean {
  return every !== undefined && "ms" in every && at % every.ms === 0;
}

/** Panes of one step in an order of their own. */
export function inOrder(panes: readonly Pane[]): Pane[] {
  const text = (pane: Pane) => JSON.stringify([pane.key, pane.start, pane.end, pane.index, pane.retracts, pane.pane]);
  return panes.toSorted((a, b) => text(a) < text(b) ? -1 : 1);
}
