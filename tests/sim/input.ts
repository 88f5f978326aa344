/**
 * Input that is written in transactions, some of them aborted: the log then holds control records, and ends with one.
 *
 * @module
 */
import type { OutputRecord } from "../../connectors/connector.ts";
import type { Line, ProducerIdentity } from "../../connectors/kafka/driver.ts";
import { encodeBatch } from "../../connectors/kafka/record_batch_encode.ts";
import { KafkaError } from "../../connectors/kafka/errors.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import { SimProcess } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";
import { BEGIN, type Trace } from "./trace.ts";
import { eventRecord, userOf } from "./traffic.ts";

/** Where the input is written. */
interface Place {
  readonly kafka: KafkaWorld;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly trace: Trace;
  /** About how long the writing takes, in milliseconds. */
  readonly ms: number;
}

/** Writes records in small transactions, from a process without faults. Each transaction has a producer of its own. */
export async function appendTransactions(records: readonly OutputRecord[], place: Place): Promise<void> {
  const { kafka, scheduler, random, trace, ms } = place;
  const silent = () => {};
  const process = new SimProcess({
    ...{ name: "writer", scheduler, random, trace },
    fault: () => undefined,
    killed: silent,
    asked: silent,
  });
  const line = kafka.driver(process).line();
  await patiently(scheduler, () => line.connect());
  let at = 0;
  for (let number = 0; at < records.length; number++) {
    const some = records.slice(at, at + 1 + Math.floor(random() * 8));
    const commit = random() < 0.75;
    await patiently(scheduler, async () => {
      await line.connect();
      await transaction(line, `writer-${number}`, { records: some, commit });
    });
    if (commit) at += some.length;
    await new Promise<void>((resolve) => void scheduler.after(random() * ms * 8 / records.length, resolve));
  }
}

/** Runs one transaction. It may be tried again: what the try before left open is then aborted. */
async function transaction(
  line: Line,
  id: string,
  { records, commit }: { records: readonly OutputRecord[]; commit: boolean },
): Promise<void> {
  await line.endTransaction(await beginTransaction(line, id, records), commit);
}

async function beginTransaction(line: Line, id: string, records: readonly OutputRecord[]): Promise<ProducerIdentity> {
  const identity = await line.initProducer(id, 120_000);
  const byPartition = [...Map.groupBy(records, ({ partition }) => partition)];
  const { topic } = records[0];
  await line.addPartitions(identity, [{ topic, partitions: byPartition.map(([partition]) => partition) }]);
  for (const [partition, list] of byPartition) {
    const { bytes } = encodeBatch(list, { start: 0, limit: Infinity, identity, sequence: 0 });
    const leader = (await line.places(topic))?.[partition].leader ?? "nobody";
    const { failures: [refused] } = await line.produce(leader, identity, [{ topic, partition, batch: bytes }]);
    if (refused !== undefined) throw new KafkaError("refused", { kind: "broker", code: refused.error });
  }
  return identity;
}

/**
 * The numbers of the events of other programs lie so far apart, below those of the input. No family can tell them from -1
 * by a remainder, and no two are one number: a family may keep its events by number.
 */
const GUESTS_APART = 2520;

/** Another program begins a transaction in a partition and writes a record. Returns the function that ends it. */
export function openTransaction(
  place: Place,
  { topic, partition, commit, guest }: {
    readonly topic: string;
    readonly partition: number;
    readonly commit: boolean;
    /** How many other programs have begun one before. */
    readonly guest: number;
  },
): Promise<() => Promise<void>> {
  const user = userOf(partition, place.kafka.partitionsOf(topic));
  const n = -1 - GUESTS_APART * guest;
  const record = eventRecord({ topic, partition, event: { user, n, time: BEGIN - 43_200_000 } });
  return holdOpen(place, `guest-${partition}-${guest}`, { records: [record], commit });
}

/** Another program begins a transaction and writes these records. Returns the function that ends it. */
export async function holdOpen(
  place: Omit<Place, "ms">,
  id: string,
  { records, commit }: { readonly records: readonly OutputRecord[]; readonly commit: boolean },
): Promise<() => Promise<void>> {
  const { kafka, scheduler, random, trace } = place;
  const process = new SimProcess({
    ...{ name: "guest", scheduler, random, trace },
    fault: () => undefined,
    killed: () => {},
    asked: () => {},
  });
  const line = kafka.driver(process).line();
  let identity: ProducerIdentity | undefined;
  await patiently(scheduler, async () => {
    await line.connect();
    identity = await beginTransaction(line, id, records);
  });
  return () =>
    patiently(scheduler, async () => {
      await line.connect();
      await line.endTransaction(identity!, commit);
    });
}

async function patiently(scheduler: Scheduler, step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      await new Promise<void>((resolve) => void scheduler.after(50, resolve));
    }
  }
}
