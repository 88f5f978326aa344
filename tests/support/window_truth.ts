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
  const { allowedLateness, panes, onClose, merges } = rules;
  const accepted: { readonly place: number; readonly spans: readonly Span[] }[] = [];
  const emitted: Emitted[] = [];
  const late: number[] = [];
  const closed = new Set<string>();
  let step: Pane[] = [];

  const goneAt = ({ end }: Span) => end - 1 + allowedLateness;
  const nameOf = (key: string, span: Span, place: number) => merges ? `${place}` : `${key} ${span.start} ${span.end}`;

  /** The windows that are not closed, formed from all accepted records. */
  function form(extra: typeof accepted = []): Formed[] {
    const parts = [...accepted, ...extra].flatMap(({ place, spans }) =>
      spans.filter((span) => !closed.has(nameOf(rows[place].key, span, place)))
        .map(({ start, end }) => ({ key: rows[place].key, start, end, members: [place] }))
    );
    const formed: Formed[] = [];
    for (const part of parts.sort((a, b) => a.start - b.start || a.end - b.end)) {
      const same = formed.findIndex((one) =>
        one.key === part.key &&
        (merges ? one.end >= part.start && part.end >= one.start : one.start === part.start && one.end === part.end)
      );
      if (same === -1) formed.push(part);
      else {
        const { key, start, end, members } = formed[same];
        const all = [...members, ...part.members].sort((a, b) => a - b);
        formed[same] = { key, start, end: Math.max(end, part.end), members: all };
      }
    }
    return formed;
  }
  const before = (one: Formed) =>
    emitted.filter(({ key, start, end, held }) =>
      key === one.key &&
      (merges ? held.every((place) => one.members.includes(place)) : start === one.start && end === one.end)
    );
  const pending = (one: Formed) => {
    const seen = new Set(before(one).flatMap(({ held }) => held));
    return one.members.filter((place) => !seen.has(place));
  };
  function fire(one: Formed, pane: Pane["pane"]): void {
    const { key, start, end, members } = one;
    const value = panes === "discard" ? pending(one) : members;
    if (value.length === 0) return;
    const earlier = before(one);
    const result = { key, start, end, members: value, pane, index: earlier.length };
    if (panes === "retract") {
      for (const replaced of earlier.filter(({ retracted }) => !retracted)) {
        replaced.retracted = true;
        const { held: _, retracted: _also, ...rest } = replaced;
        step.push({ ...rest, retracts: true });
      }
    }
    emitted.push({ ...result, held: members, retracted: false });
    step.push(result);
  }
  function close(one: Formed): void {
    for (const place of one.members) closed.add(nameOf(one.key, one, place));
  }
  const isDue = (every: Every, at: number) => every !== undefined && "ms" in every && at % every.ms === 0;

  /** Everything that happens at one time. */
  function reach(at: number): void {
    for (const one of form()) {
      if (!onClose && one.end - 1 === at) fire(one, "onTime");
      if (goneAt(one) !== at) continue;
      if (onClose) fire(one, "onTime");
      else if (pending(one).length > 0) fire(one, "late");
      close(one);
    }
    if (onClose) return;
    for (const one of form()) {
      const after = one.end - 1 < at;
      if (at > one.start && isDue(after ? rules.late : rules.early, at) && pending(one).length > 0) {
        fire(one, after ? "late" : "early");
      }
    }
  }
  function advance(from: number, to: number): void {
    const spans = form();
    const times = new Set(spans.flatMap((one) => [one.end - 1, goneAt(one)]));
    for (const every of [rules.early, rules.late]) {
      if (every === undefined || !("ms" in every)) continue;
      for (const one of spans) {
        let at = Math.ceil(Math.max(one.start, from) / every.ms) * every.ms;
        for (; at <= Math.min(goneAt(one), to); at += every.ms) times.add(at);
      }
    }
    for (const at of [...times].filter((at) => at > from && at <= to).sort((a, b) => a - b)) reach(at);
  }

  const steps: Pane[][] = [];
  for (const [place, row] of rows.entries()) {
    step = [];
    const watermark = watermarkAfter(rows, place, rules as never);
    const spans = rules.spansOf(row).filter((span) => merges || goneAt(span) > watermark);
    const mine = form([{ place, spans }]).filter(({ members }) => members.includes(place));
    if (rules.spansOf(row).length > 0 && (mine.length === 0 || (merges && goneAt(mine[0]) <= watermark))) {
      late.push(place);
    } else {
      accepted.push({ place, spans });
      for (const one of mine) {
        const after = one.end - 1 <= watermark;
        const every = after ? rules.late : rules.early;
        if (!onClose && every !== undefined && "records" in every && pending(one).length >= every.records) {
          fire(one, after ? "late" : "early");
        }
      }
    }
    advance(watermark, watermarkAfter(rows, place + 1, rules as never));
    steps.push(step);
  }
  step = [];
  advance(watermarkAfter(rows, rows.length, rules as never), Infinity);
  steps.push(step);
  return { steps, late };
}

/** Panes of one step in an order of their own. */
export function inOrder(panes: readonly Pane[]): Pane[] {
  const text = (pane: Pane) => JSON.stringify([pane.key, pane.start, pane.end, pane.index, pane.retracts, pane.pane]);
  return panes.toSorted((a, b) => text(a) < text(b) ? -1 : 1);
}
