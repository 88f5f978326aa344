/**
 * The expected results of the shop's pipeline, computed from its input in the simplest way: without operators, state or
 * epochs.
 */
import { assert, assertEquals } from "@std/assert";
import { FOR_YOU } from "../../../examples/recommendations/pipeline.ts";
import type { Recommended } from "../../../examples/recommendations/recommended.ts";
import type { UserEvent } from "../../../examples/recommendations/schema.ts";
import { eventAt, type Traffic } from "../../../examples/recommendations/traffic.ts";
import { keyPartition } from "../../../connectors/partitioner.ts";

const MINUTE = 60_000;
const DISORDER = 5 * MINUTE;
const LATENESS = MINUTE;

/** A record of any topic, with its key and its headers as text. */
export interface Row {
  readonly key: string | null;
  readonly value: unknown;
  readonly reason?: string;
  readonly source?: string;
}

/** The expected rows of each topic, in any order. */
export interface Truth {
  /** The events in each partition of the input. */
  readonly input: readonly (readonly UserEvent[])[];
  readonly counts: readonly Row[];
  readonly activity: readonly Row[];
  /** The late events, with their source. */
  readonly late: readonly Row[];
}

/** The expected results for the first `events` events, in a topic with this many partitions. */
export function truthOf(
  traffic: Traffic,
  events: number,
  { topic, partitions }: { topic: string; partitions: number },
): Truth {
  const input: UserEvent[][] = Array.from({ length: partitions }, () => []);
  const encoder = new TextEncoder();
  for (let index = 0; index < events; index++) {
    const event = eventAt(traffic, index);
    input[keyPartition(encoder.encode(event.user_id), partitions)].push(event);
  }
  const windows = input.map((own, partition) => windowsOf(own, `${topic}/${partition}`));
  return {
    input,
    counts: input.flatMap(countsOf),
    activity: windows.flatMap(({ activity }) => activity),
    late: windows.flatMap(({ late }) => late),
  };
}

/** The running count of each event's user. */
function countsOf(events: readonly UserEvent[]): Row[] {
  const totals = new Map<string, number>();
  return events.map(({ user_id }) => {
    const event_count = (totals.get(user_id) ?? 0) + 1;
    totals.set(user_id, event_count);
    return { key: user_id, value: { user_id, event_count } };
  });
}

function windowsOf(events: readonly UserEvent[], source: string): { activity: Row[]; late: Row[] } {
  const activity: Row[] = [];
  const late: Row[] = [];
  const open = new Map<string, { user: string; start: number; count: number; fired: boolean }>();
  let watermark = -Infinity;
  const emit = ({ user, start, count }: { user: string; start: number; count: number }, pane: string) =>
    activity.push({
      key: user,
      value: { user_id: user, window_start_ms: start, window_end_ms: start + MINUTE, event_count: count, pane },
    });
  const fire = () => {
    for (const window of open.values()) {
      if (window.fired || window.start + MINUTE - 1 > watermark) continue;
      window.fired = true;
      emit(window, "onTime");
    }
  };
  events.forEach((event, offset) => {
    const { user_id: user, timestamp_ms } = event;
    const start = Math.floor(timestamp_ms / MINUTE) * MINUTE;
    if (start + MINUTE - 1 + LATENESS <= watermark) {
      late.push({ key: user, value: event, source: `${source}@${offset}` });
    } else {
      const name = `${user} ${start}`;
      const window = open.get(name) ?? { user, start, count: 0, fired: start + MINUTE - 1 <= watermark };
      open.set(name, window);
      window.count++;
      if (window.fired) emit(window, "late");
    }
    const before = watermark;
    watermark = Math.max(watermark, timestamp_ms - DISORDER - 1);
    // Windows can fire only when the watermark passes the end of a minute.
    if (Math.floor((watermark + 1) / MINUTE) !== Math.floor((before + 1) / MINUTE)) fire();
  });
  watermark = Infinity;
  fire();
  return { activity, late };
}

/** The rows that were read from the topics. */
export interface Read {
  readonly counts: readonly Row[];
  readonly activity: readonly Row[];
  readonly late: readonly Row[];
}

/**
 * Compares what was read with the expected results: nothing lost, nothing doubled. The rows of recommendations are
 * compared as counts, because which lists they have depends on how the events of other users came between.
 */
export function assertTruth(read: Read, truth: Truth): void {
  for (const { value } of read.counts) {
    const { recommendations, event_count } = value as Recommended;
    assert(recommendations.length <= 10, `${recommendations.length} products at event ${event_count}`);
  }
  assertSame(read.counts, truth.counts);
  assertSame(read.activity, truth.activity);
  assertSame(read.late.map(({ reason: _, ...row }) => row), truth.late);
  for (const { reason } of read.late) assertEquals(typeof reason, "string", "a late event says why it is there");
}

/** Holds the latest row of each user in the job's KV to the number of their events. */
export async function assertTable(kv: Deno.Kv, truth: Truth): Promise<void> {
  const counts = new Map(truth.counts.map(({ key, value }) => [key, (value as Recommended).event_count]));
  const found = new Map<string, number>();
  for await (const { key, value } of kv.list<Recommended>({ prefix: FOR_YOU })) {
    assertEquals(key, [...FOR_YOU, value.user_id]);
    found.set(value.user_id, value.event_count);
  }
  assertEquals([...found].sort(), [...counts].sort());
}

/** Compares rows in any order, as text: a message with a hundred thousand objects is of no use. */
function assertSame(actual: readonly Row[], expected: readonly Row[]): void {
  const rows = (list: readonly Row[]) =>
    list.map((row) => JSON.stringify(row, ["key", "value", "source", ...FIELDS])).sort();
  const [a, b] = [rows(actual), rows(expected)];
  const differs = b.findIndex((row, index) => row !== a[index]);
  assertEquals(a[differs], b[differs], "the first row that differs");
  assertEquals(a.length, b.length, "as many rows as the truth has");
}

const FIELDS = [
  ...["user_id", "product_id", "category", "event_type", "timestamp_ms"],
  ...["event_count", "window_start_ms", "window_end_ms", "pane"],
];
