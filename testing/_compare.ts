/**
 * Comparing results of two runs: what an engine promises of them, and no more.
 *
 * Promised are the same results for each topic; and for each key, where one task writes them, in the same order. Results of one
 * firing have one event time, and their order among each other means nothing.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import { SHOWN } from "./limits.ts";
import { readable, type TestRecord } from "./_records.ts";

/** Where two runs differ first. */
export interface Difference {
  readonly topic: string;
  /** Counted from 0 in the topic of the run without crashes; where it has no such result, in the other's. */
  readonly index: number;
  /** What the run without crashes has there. */
  readonly expected: TestRecord | undefined;
  /** What the other run has in its place. */
  readonly actual: TestRecord | undefined;
}

export type Results = ReadonlyMap<string, readonly InputRecord[]>;

/** A result, its place, and one text for all that it says. */
interface Entry {
  readonly index: number;
  readonly record: TestRecord;
  readonly text: string;
}

/** The first difference between two runs in one topic, or `undefined`. */
export function differenceIn(
  topic: string,
  { expected, actual, ordered }: { expected: Results; actual: Results; ordered: boolean },
): Difference | undefined {
  const before = entriesOf(expected.get(topic)), after = entriesOf(actual.get(topic));
  const missing = without(before, after), extra = without(after, before);
  if (missing.length > 0 || extra.length > 0) return paired(topic, missing[0], extra);
  return ordered ? disorder(topic, before, after) : undefined;
}

/** The first key whose last values differ: of results that depend on where epochs are cut, only these are promised. */
export function lastDifferenceIn(topic: string, expected: Results, actual: Results): Difference | undefined {
  const before = lastOf(entriesOf(expected.get(topic))), after = lastOf(entriesOf(actual.get(topic)));
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const one = before.get(key), other = after.get(key);
    if (one === undefined || other === undefined || identity(one.record.value) !== identity(other.record.value)) {
      return differing(topic, one, other);
    }
  }
  return undefined;
}

/** A result in a message: its value, and where values do not tell two apart, all that it says. */
export function shown(record: TestRecord | undefined, other: TestRecord | undefined): string {
  if (record === undefined) return "nothing";
  const whole = other !== undefined && identity(record.value) === identity(other.value);
  const text = JSON.stringify(whole ? record : record.value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
}

function entriesOf(records: readonly InputRecord[] = []): Entry[] {
  return records.map((input, index) => {
    const record = readable(input);
    return { index, record, text: identity(record) };
  });
}

/** One text for a value, whatever the order of its fields. */
function identity(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** What is in the first list and, counted, not in the second. */
function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text, (left.get(text) ?? 0) + 1);
  return entries.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
}

/** What is missing, and of what is there instead the first one of its key; where nothing is missing, what is too much. */
function paired(topic: string, missing: Entry | undefined, extra: readonly Entry[]): Difference {
  if (missing === undefined) return differing(topic, undefined, extra[0]);
  return differing(topic, missing, extra.find(({ record }) => record.key === missing.record.key));
}

function disorder(topic: string, before: readonly Entry[], after: readonly Entry[]): Difference | undefined {
  const others = byKey(after);
  for (const [key, entries] of byKey(before)) {
    const expected = inFirings(entries), actual = inFirings(others.get(key) ?? []);
    const at = expected.findIndex(({ text }, index) => text !== actual[index].text);
    if (at !== -1) return differing(topic, expected[at], actual[at]);
  }
  return undefined;
}

/** Runs of one event time, each sorted. */
function inFirings(entries: readonly Entry[]): Entry[] {
  let firing = 0;
  return entries
    .map((entry, index) => {
      if (index > 0 && entries[index - 1].record.timestamp !== entry.record.timestamp) firing++;
      return { entry, firing };
    })
    .sort((a, b) => a.firing - b.firing || (a.entry.text < b.entry.text ? -1 : Number(a.entry.text > b.entry.text)))
    .map(({ entry }) => entry);
}

/** Results with a key, by it, in their order. Of those without one no order is promised. */
function byKey(entries: readonly Entry[]): Map<string, Entry[]> {
  const keys = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { key } = entry.record;
    if (key === null) continue;
    const list = keys.get(key);
    if (list === undefined) keys.set(key, [entry]);
    else list.push(entry);
  }
  return keys;
}

function lastOf(entries: readonly Entry[]): Map<string | null, Entry> {
  return new Map(entries.map((entry) => [entry.record.key, entry]));
}

function differing(topic: string, expected: Entry | undefined, actual: Entry | undefined): Difference {
  return { topic, index: (expected ?? actual)!.index, expected: expected?.record, actual: actual?.record };
}
