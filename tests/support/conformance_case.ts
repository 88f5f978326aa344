/** The form of the cases of `tests/conformance/`. */

/** One step of a case. */
export interface Step {
  readonly type: string;
  readonly side?: string;
  readonly key?: string;
  readonly value?: number;
  readonly ts?: number | "MIN" | "MAX";
  readonly windowStart?: number;
  readonly windowEnd?: number;
  readonly input?: number;
  readonly output?: number | string;
  readonly mode?: "immediate" | "deferred";
  readonly ms?: number;
}

/** Something that happened, and after which step. */
export interface Happening {
  readonly after: number | "end";
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A scenario as data. */
export interface Case {
  readonly id: string;
  readonly kind: string;
  readonly semantics: string;
  readonly orderWithinStep: "exact" | "any";
  readonly config: {
    readonly assigner?: string;
    readonly size?: number;
    readonly slide?: number;
    readonly max?: number;
    readonly step?: number;
    readonly offset?: number;
    readonly gap?: number;
    readonly pointValue?: number;
    readonly allowedLateness?: number;
    readonly lateOutput?: boolean;
    readonly trigger?: string;
    readonly triggerInterval?: number;
    readonly purging?: boolean;
    readonly aggregate?: string;
    readonly bound?: number;
    readonly inputs?: number;
    readonly timeout?: number;
    readonly lower?: number;
    readonly lowerInclusive?: boolean;
    readonly upper?: number;
    readonly upperInclusive?: boolean;
  };
  readonly steps: readonly Step[];
  readonly expected: readonly Happening[];
  readonly notes: string;
}

/** A time of a case as a number: the ends of a 64-bit long are the ends of the safe integers. */
export function timeOf(ts: Step["ts"]): number {
  if (ts === "MIN") return Number.MIN_SAFE_INTEGER;
  if (ts === "MAX") return Number.MAX_SAFE_INTEGER;
  return ts!;
}

/** Happenings in the order in which they count: where a case lets results of one step come in any order, in one of ours. */
export function ordered({ orderWithinStep }: Case, happened: readonly Happening[]): Happening[] {
  const list = happened.map(sorted);
  if (orderWithinStep === "exact") return list;
  const place = ({ after }: Happening) => after === "end" ? Infinity : after;
  return list.toSorted((a, b) => place(a) - place(b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** With its fields in one order. */
function sorted(happening: Happening): Happening {
  return Object.fromEntries(Object.entries(happening).toSorted(([a], [b]) => a < b ? -1 : 1)) as Happening;
}
