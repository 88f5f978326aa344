/**
 * For tests of connectors: records to write, a way to publish them, and a reader that records all calls.
 */
import { assert, assertEquals } from "@std/assert";
import type {
  AtomicWrites,
  Batch,
  Bounds,
  Connection,
  InputRecord,
  OutputRecord,
  Reader,
  ReaderHandler,
  ReaderOptions,
  StartOffset,
} from "../../connectors/connector.ts";
import { deliver } from "./deliveries.ts";
import type { Mutation, Store } from "../../state/store.ts";
import { layOut } from "../../runtime/task_layout.ts";
import { PATIENCE } from "./patience.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let topicsMade = 0;

/** A topic name that no other test uses, even on a shared broker. */
export function freshTopic(): string {
  return `contract-${crypto.randomUUID().slice(0, 8)}-${++topicsMade}`;
}

/** A record to write. Fields that are left out have default values. */
export function record(topic: string, fields: Partial<OutputRecord> & { readonly text?: string } = {}): OutputRecord {
  const { partition = 0, timestamp = 1_700_000_000_000, key = null, headers = undefined, text } = fields;
  const value = text !== undefined
    ? encoder.encode(text)
    : fields.value === undefined
    ? encoder.encode("x")
    : fields.value;
  return { topic, partition, timestamp, key, value, headers };
}

/** The text of a record's value. */
export function textOf({ value }: InputRecord): string | null {
  return value === null ? null : decoder.decode(value);
}

/** Makes records visible to `read_committed` readers, all at once, by the delivery of this connection. */
export async function publish(
  place: { connection: Connection; store: Store },
  records: readonly OutputRecord[],
): Promise<void> {
  const { connection, store } = place;
  const { delivery } = connection;
  if (delivery.kind === "inCommit") {
    await writeStaged(store, delivery.stage(records));
    return delivery.committed();
  }
  const owner = `contract-${crypto.randomUUID()}`;
  await delivery.prepare({ name: "contract", incarnation: owner, tasks: 1 });
  const life = await delivery.open(owner);
  try {
    await deliver(life, records);
    // A commit returns shortly before its control records are written. Fencing waits for them.
    await delivery.fence(owner);
  } finally {
    await life.close();
  }
}

/** Writes staged records as the checkpoint does: large values go ahead, and the last atomic makes all visible. */
export async function writeStaged(
  store: Store,
  staged: AtomicWrites,
): Promise<void> {
  const sets = (writes: typeof staged.ahead): Mutation[] => writes.map(([key, value]) => ({ type: "set", key, value }));
  for (let at = 0; at < staged.ahead.length; at += 10) {
    assert((await store.atomic([], sets(staged.ahead.slice(at, at + 10)))).ok);
  }
  if (staged.last.length > 0) assert((await store.atomic([], sets(staged.last))).ok);
}

/** Options of {@linkcode startReading}. */
export interface Reading {
  readonly topics: readonly string[];
  readonly tasks?: "perPartition" | "single";
  /** Where to begin. @default the first offset of each partition */
  readonly starts?: readonly StartOffset[];
  /** What to answer when a record is missing. @default an error */
  readonly missing?: (wanted: number, bounds: Bounds) => number;
}

/** A reader that records every call, and can be waited for. */
export class RecordingReader implements AsyncDisposable {
  readonly batches: Batch[] = [];
  readonly records: InputRecord[] = [];
  readonly assignments: (readonly number[])[] = [];
  readonly missed: { readonly partition: number; readonly wanted: number; readonly bounds: Bounds }[] = [];
  calls = 0;
  failure: Error | undefined;
  /** Called with each batch, inside the reader's own call. */
  onBatch: (batch: Batch) => void = () => {};
  reader!: Reader;
  #check: () => void = () => {};

  constructor(readonly starts: readonly StartOffset[], readonly answer: Reading["missing"]) {}

  handler(): ReaderHandler {
    const called = () => {
      this.calls++;
      this.#check();
    };
    return {
      assigned: (partitions) => {
        this.assignments.push(partitions);
        called();
        return Promise.resolve(this.starts);
      },
      revoking: () => Promise.resolve(),
      batch: (batch) => {
        this.batches.push(batch);
        this.records.push(...batch.records);
        this.onBatch(batch);
        called();
      },
      missing: (_topic, partition, wanted, bounds) => {
        this.missed.push({ partition, wanted, bounds });
        called();
        if (this.answer === undefined) return Promise.reject(new Error(`offset ${wanted} is gone`));
        return Promise.resolve(this.answer(wanted, bounds));
      },
      trouble: () => {},
      failed: (error) => {
        this.failure = error;
        called();
      },
    };
  }

  /** Resolves when a condition holds. Rejects when the reader fails, or after too long a time. */
  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => settle(() => reject(new Error(`Waited for ${what} in vain.`))), PATIENCE);
      const settle = (then: () => void) => {
        clearTimeout(deadline);
        this.#check = () => {};
        then();
      };
      this.#check = () => {
        if (holds()) settle(resolve);
        else if (this.failure !== undefined) settle(() => reject(this.failure));
      };
      this.#check();
    });
  }

  /** Resolves when this many records have come. */
  count(records: number): Promise<void> {
    return this.until(`${records} records`, () => this.records.length >= records);
  }

  of(partition: number): InputRecord[] {
    return this.records.filter((one) => one.partition === partition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.stop();
  }
}

/** The present number of partitions of each topic. */
export async function countPartitions(
  connection: Connection,
  topics: readonly string[],
): Promise<Map<string, number>> {
  return new Map(
    await Promise.all(topics.map(async (topic) => [topic, (await connection.topic(topic))?.partitions ?? 1] as const)),
  );
}

/** Starts a reader that records all calls. */
export async function startReading(connection: Connection, reading: Reading): Promise<RecordingReader> {
  const { topics, tasks = "perPartition", missing } = reading;
  const starts = reading.starts ??
    (await Promise.all(
      topics.map(async (topic) =>
        (await connection.bounds(topic)).map(({ earliest }, partition) => ({ topic, partition, offset: earliest }))
      ),
    )).flat();
  const recording = new RecordingReader(starts, missing);
  const options: ReaderOptions = {
    group: `contract-${crypto.randomUUID()}`,
    worker: undefined,
    topics,
    layout: layOut(tasks, await countPartitions(connection, topics)),
    incarnation: "contract",
    remembered: undefined,
    remember: () => Promise.resolve(),
  };
  recording.reader = await connection.reader(options, recording.handler());
  return recording;
}

/** Checks that batches of one partition follow each other, with their records in order. */
export function assertContiguous(batches: readonly Batch[]): void {
  let position = batches[0].start;
  for (const batch of batches) {
    assertEquals(batch.start, position);
    let at = batch.start;
    for (const { offset } of batch.records) {
      assert(offset >= at && offset < batch.position, `offset ${offset} lies outside of its batch`);
      at = offset + 1;
    }
    assert(batch.position >= at && batch.position <= batch.end, `position ${batch.position} is out of order`);
    position = batch.position;
  }
}
