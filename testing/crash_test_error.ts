/**
 * @module
 */
import { type Difference, shown } from "./_compare.ts";
import type { TestRecord } from "./_records.ts";

/** A difference from the results of a run without crashes. */
export interface CrashDifference {
  /**
   * The kind of run that differs:
   * - `again`: another run without a crash, cut in the same way;
   * - `cut`: a run without a crash, cut into other epochs;
   * - `crash`: a run with a crash.
   */
  readonly found: "again" | "cut" | "crash";
  /** The topic of the result, or the name of its table, such as `kv:prices`. */
  readonly topic: string;
  /**
   * The index of the result in its topic, from 0, in the run without crashes. If that run has no such result, the index
   * in the other run.
   */
  readonly index: number;
  /** The result of the run without crashes; `undefined` if there is none. */
  readonly expected: TestRecord | undefined;
  /** The result of the other run; `undefined` if there is none. */
  readonly actual: TestRecord | undefined;
  /** How the input was cut into epochs. */
  readonly epochs: string;
  /** Where it crashed; `undefined` if it did not. */
  readonly crash: string | undefined;
}

const CAUSES: Readonly<Record<CrashDifference["found"], string>> = {
  again:
    "Two runs without any crash already differ, so the results depend on what is not in the input: Math.random(), Date.now(), or a " +
    "variable outside of the stages that remembers, such as a Map in a closure. Take time and chance from the record (eventTime(), " +
    "recordInfo()), and keep what must be remembered in keyedReduce() or a window",
  cut:
    'No process has died yet: the results depend on where epochs are cut, which nobody promises. keyedReduce({ emit: "latest" }) ' +
    "promises the last value of each key alone: what follows it may use only that, and its sink needs the same key",
  crash:
    "Something remembers that is in no checkpoint: an RxJS operator such as scan, bufferCount, pairwise or distinctUntilChanged, or a " +
    "variable in a closure, such as a Map. Keep it in keyedReduce() or a window; the deno lint plugin of " +
    "@tidemark/streams/testing/lint names such operators",
};

/** The first result of a pipeline that differs from that of a run without crashes. Thrown by `crashTest`. */
export class CrashTestError extends Error {
  /** The name of the class. */
  override name = "CrashTestError";

  /** Called by `crashTest`. */
  constructor(
    /** The first difference. */
    readonly difference: CrashDifference,
  ) {
    super(messageOf(difference));
  }
}

/** Creates the error for a difference. */
export function crashTestError(
  found: CrashDifference["found"],
  difference: Difference,
  { epochs, crash }: Pick<CrashDifference, "epochs" | "crash">,
): CrashTestError {
  return new CrashTestError({ found, ...difference, epochs, crash });
}

function messageOf({ found, topic, index, expected, actual, epochs, crash }: CrashDifference): string {
  const key = (expected ?? actual)?.key;
  const which = `Result ${index} of topic "${topic}"${key === null || key === undefined ? "" : ` (key "${key}")`}`;
  const how = { again: "one more run without a crash", cut: "a run without a crash", crash: `a crash ${crash}` }[found];
  return `${which} differs: expected ${shown(expected, actual)}, got ${
    shown(actual, expected)
  }, after ${how}, with ${epochs}. ` +
    CAUSES[found];
}
