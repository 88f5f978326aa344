/**
 * Compares the results of two runs, only as far as the engine guarantees them.
 *
 * The engine guarantees the same results for each topic. If one task writes them, it also guarantees their order for
 * each key. Results of one firing have the same event time, and their order among each other is not guaranteed.
 *
 * @module
 */
import type { InputRecord } from "../connectors/connector.ts";
import { SHOWN } from "./limits.ts";
import { readable, type TestRecord } from "./_records.ts";

/** The first difference between two runs. */
export interface Difference {
  readonly topic: string;
  /**
   * The index in the topic of the run without crashes, from 0. If that run has no such result, the index in the other
   * run's topic.
   */
  readonly index: number;
  /** The result of the run without crashes. */
  readonly expected: TestRecord | undefined;
  /** The result of the other run. */
  readonly actual: TestRecord | undefined;
}

export type Results = ReadonlyMap<string, readonly InputRecord[]>;

/** A result, its index, and a text that identifies its content. */
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

/**
 * The first key whose last values differ. If results depend on where epochs are cut, only the last values are
 * guaranteed.
 */
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

/** Describes a result in a message: by its value, or by all its fields when both values are the same. */
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

/** A text that identifies a value, independent of the order of its fields. */
function identity(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** The entries of the first list that the second one lacks. Duplicates count. */
function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text, (left.get(text) ?? 0) + 1);
  return entries.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
}

/**
 * Pairs the missing result with the first extra result of the same key. If no result is missing, reports the first
 * extra one.
 */
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

/** Groups consecutive results of one event time, and sorts within each group. */
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

/** Groups results by key, in their order. Leaves out results without a key, because their order is not guaranteed. */
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
