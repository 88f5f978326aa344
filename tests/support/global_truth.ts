/**
 * The expected results of windows without an end, computed in the obvious way: all records of a key are kept, and what was
 * emitted of it.
 *
 * It shares no code with the operators, and is not fast.
 */
import { type Row, watermarkAfter } from "./oracle.ts";
import type { Pane, WindowRules, WindowTruth } from "./window_truth.ts";

type Rules = Pick<WindowRules, "partitions" | "maxOutOfOrderness" | "panes" | "early">;

const ENDLESS = { start: Number.MIN_SAFE_INTEGER, end: Number.MAX_SAFE_INTEGER };

/** All panes. No record is late. */
export function globalTruth(rows: readonly Row[], rules: Rules): WindowTruth {
  const keys = new Map<string, KeyTruth>();
  const steps: Pane[][] = [];
  let watermark = -Infinity;
  for (const [place, { key }] of rows.entries()) {
    const mine = keys.get(key) ?? new KeyTruth(key, rules);
    keys.set(key, mine);
    const from = watermark, to = watermarkAfter(rows, place + 1, rules);
    steps.push([...mine.next(place), ...[...keys.values()].flatMap((one) => one.advance(from, to))]);
    watermark = to;
  }
  const from = watermark;
  steps.push([...keys.values()].flatMap((one) => [...one.advance(from, Infinity), ...one.fire("onTime")]));
  return { steps, late: [] };
}

/** The window of a key. */
class KeyTruth {
  readonly #members: number[] = [];
  readonly #emitted: Pane[] = [];
  #seen = 0;

  constructor(readonly key: string, readonly rules: Rules) {}

  get #pending(): number {
    return this.#members.length - this.#seen;
  }

  next(place: number): Pane[] {
    const { early } = this.rules;
    this.#members.push(place);
    return early !== undefined && "records" in early && this.#pending >= early.records ? this.fire("early") : [];
  }

  /** The watermark rises. The first multiple of the interval that it passes fires what is pending. */
  advance(from: number, to: number): Pane[] {
    const { early } = this.rules;
    if (early === undefined || !("ms" in early) || this.#pending === 0 || to === -Infinity) return [];
    return to === Infinity || Math.floor(to / early.ms) * early.ms > from ? this.fire("early") : [];
  }

  fire(pane: Pane["pane"]): Pane[] {
    const { panes } = this.rules;
    if (panes === "discard" && this.#pending === 0) return [];
    const members = this.#members.slice(panes === "discard" ? this.#seen : 0);
    const before = this.#emitted.at(-1);
    const now = { key: this.key, ...ENDLESS, members, pane, index: this.#emitted.length };
    this.#seen = this.#members.length;
    this.#emitted.push(now);
    return panes === "retract" && before !== undefined ? [{ ...before, retracts: true }, now] : [now];
  }
}
