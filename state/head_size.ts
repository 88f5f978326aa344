/**
 * The largest size that a head can reach. It is checked at the start of a job, so that no commit fails because of it.
 *
 * @module
 */
import type { Head } from "./head.ts";
import { LAYOUT } from "./stored_state.ts";
import { dictionary, NEW_HEAD } from "./head.ts";
import { encodeHead } from "./head_codec.ts";
import {
  DELTA_RANGES,
  EXTENSION_BYTES,
  HEAD_BYTES,
  OUTBOX_EPOCHS,
  PIN_NAME_CHARS,
  PINS,
  PUBLISHERS,
  RAISED_PARTITIONS,
  WORKER_CHARS,
} from "./limits.ts";

/** The properties of a task that determine the size of its head. */
export interface HeadShape {
  /** The partitions that the task reads, by input topic. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** The partitions that each clock keeps, by topic, by the clock's name. */
  readonly clocks: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  /** Names of the totals. */
  readonly counters: readonly string[];
  /** Names of the states. */
  readonly states: readonly string[];
  /** Whether it reads all partitions of some topics as every task does. @default false */
  readonly broadcast?: boolean;
  /** The partitions of tables whose ends the head holds while they are read first, by topic. @default none */
  readonly ends?: Readonly<Record<string, readonly number[]>>;
  /** An example of the job's transactional ids, which all begin with the job's name. */
  readonly publisher?: string;
}

/** The largest assumed offset. At ten thousand records a second, a partition reaches it in 14 years. */
const LARGE_OFFSET: number = 2 ** 42 - 1;
/** The largest assumed difference between the timestamps of two partitions, in milliseconds: 34 years. */
const FAR_APART: number = 2 ** 40;
const LARGE = 2 ** 40;
/** The length of a topic's id: 16 bytes as text. */
const TOPIC_ID_BYTES = 32;

/**
 * Checks that the head of a task always stays small.
 *
 * @param shape the properties that determine its size
 * @returns the most bytes that it can have
 * @throws {RangeError} when the head could become too large
 */
export function assertHeadFits(shape: HeadShape): number {
  const bytes = encodeHead(largestHead(shape)).length;
  if (bytes <= HEAD_BYTES) return bytes;
  const partitions = Object.values(shape.inputs).reduce((sum, list) => sum + list.length, 0);
  const { clocks, counters, states } = shape;
  throw new RangeError(
    `a task cannot read ${partitions} partitions with ${
      Object.keys(clocks).length
    } clocks, ${counters.length} counters and ` +
      `${states.length} states, because its head could have ${bytes} bytes, and may have ${HEAD_BYTES}. Run the job with ` +
      (partitions === Object.keys(shape.inputs).length
        ? "fewer stages, or with shorter names of states, watermarks and topics"
        : shape.broadcast
        ? "fewer partitions of the topics that every task reads, or with fewer watermarks"
        : `tasks: "perPartition", or with fewer watermarks`),
  );
}

/** The largest head of that shape. */
export function largestHead(
  { inputs, clocks, counters, states, ends = {}, publisher = "job.0123456789abcdef" }: HeadShape,
): Head {
  const fence = (n: number) => `${n}`.padStart(16, "z");
  const sum = { chunks: LARGE, bytes: LARGE, checksum: 0 };
  return {
    ...NEW_HEAD,
    ...{ fence: fence(0), attempt: LARGE, epoch: LARGE, nextState: LARGE, era: LARGE },
    offsets: mapValues(inputs, largestOffsets),
    topics: mapValues(inputs, () => "f".repeat(TOPIC_ID_BYTES)),
    clocks: mapValues(clocks, (topics) => {
      const slots = Object.entries(topics).flatMap(([topic, list]) =>
        list.map((partition) => [topic, partition] as const)
      );
      return {
        watermark: Number.MAX_SAFE_INTEGER - 1,
        partitions: slots.map((
          [topic, partition],
          i,
        ) => [topic, partition, i === 0 ? Number.MIN_SAFE_INTEGER : Number.MIN_SAFE_INTEGER + FAR_APART, i % 2 === 1]),
      };
    }),
    counters: dictionary(counters.map((name) => [name, LARGE] as const)),
    ranges: Array.from(
      { length: DELTA_RANGES },
      (_, i) => ({ fence: fence(i), first: LARGE, last: 2 * LARGE, ...sum }),
    ),
    outbox: Array.from({ length: OUTBOX_EPOCHS }, (_, i) => {
      return {
        epoch: LARGE,
        fence: fence(i < 2 ? DELTA_RANGES + i : 0),
        attempt: LARGE,
        records: LARGE,
        ...sum,
        chunks: 2 ** 20,
      };
    }),
    unwritten: {
      ...{ epoch: LARGE, fence: fence(DELTA_RANGES + 2), attempt: LARGE, records: LARGE },
      ...{ ...sum, chunks: 2 ** 20 },
    },
    publishers: Array.from(
      { length: PUBLISHERS },
      (_, i) => `${publisher.slice(0, -16)}${`${i}`.padStart(16, `${i % 10}`)}`,
    ),
    states: states.map(largestState),
    finished: true,
    pins: Array.from({ length: PINS }, (_, i) => {
      return { name: "p".repeat(PIN_NAME_CHARS), fence: fence(i), first: LARGE, last: 2 * LARGE };
    }),
    told: {
      ...{ worker: "\u3042".repeat(WORKER_CHARS), since: LARGE, at: LARGE },
      raisedBy: mapValues(raised(clocks), (topics) => mapValues(topics, largestOffsets)),
    },
    extensions: dictionary<unknown>([["x", "x".repeat(EXTENSION_BYTES - 16)], ["y", mapValues(ends, largestOffsets)]]),
  };
}

/**
 * The clocks of which a head tells the records that raised their marks: those of few partitions, without clocks that are
 * another subscription of one of them, whose names end with a number.
 */
function raised(clocks: HeadShape["clocks"]): HeadShape["clocks"] {
  const told = Object.entries(clocks).filter(([name, topics]) => {
    const original = name.replace(/#\d+$/, "");
    const count = Object.values(topics).reduce((sum, partitions) => sum + partitions.length, 0);
    return count <= RAISED_PARTITIONS && (original === name || !(original in clocks));
  });
  return dictionary(told);
}

function largestOffsets(partitions: readonly number[]): Record<number, number> {
  return Object.fromEntries(partitions.map((partition) => [partition, LARGE_OFFSET]));
}

function largestState(name: string, id: number): Head["states"][number] {
  const numbers = { version: 2 ** 20, buckets: 2 ** 27, bases: 2 ** 27, baseBytes: LARGE, checksum: 0, seed: 0 };
  return { id, name, kind: "list", namespaced: true, layout: LAYOUT, ...numbers };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return dictionary(Object.entries(record).map(([name, value]) => [name, map(value)] as const));
}
