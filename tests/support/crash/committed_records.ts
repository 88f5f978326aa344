/**
 * Follows the records of topics as a `read_committed` reader, through all faults of the brokers.
 *
 * kafkajs's own consumer cannot be used. The broker lists aborted transactions in the order of their ends, and kafkajs
 * takes it for the order of their beginnings. With several transactions in one partition it shows uncommitted records.
 */
import type { InputRecord } from "../../../connectors/connector.ts";
import { systemClock } from "../../../base/clock.ts";
import type { Line } from "../../../connectors/kafka/driver.ts";
import { brokerError, CODE, isPassing } from "../../../connectors/kafka/errors.ts";
import { KafkaJsDriver } from "../../../connectors/kafka/kafkajs_driver.ts";
import { decodePartition } from "../../../connectors/kafka/record_batch_decode.ts";
import { pause } from "../../../base/backoff.ts";

const LIMITS = { wait: 20, partitionBytes: 1024 * 1024, bytes: 8 * 1024 * 1024 };
/** The pause after a failure, in milliseconds. */
const PAUSE = 100;

/** The topics to follow, and the signal that ends it. */
export interface FollowOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
}

/** Reports each record once, those of a partition in order, from the first one on. */
export async function follow(
  { brokers, topics, signal }: FollowOptions,
  see: (record: InputRecord) => void,
): Promise<void> {
  const line = new KafkaJsDriver(brokers, { clientId: "reads" }).line();
  const next = new Map<string, number>();
  try {
    while (!signal.aborted) {
      try {
        await line.connect();
        const places = await placesOf(line, topics);
        while (!signal.aborted) await fetchOnce(line, places, { next, see });
      } catch (error) {
        if (!isPassing(error)) throw error;
        line.renew();
        await pause(systemClock, PAUSE, signal);
      }
    }
  } finally {
    await line.close();
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** The partitions of the topics, by leader. */
async function placesOf(line: Line, topics: readonly string[]): Promise<Map<string, Place[]>> {
  const places = new Map<string, Place[]>();
  for (const topic of topics) {
    for (const { partition, leader } of await line.places(topic) ?? []) {
      if (leader === undefined) throw brokerError(CODE.leaderNotAvailable, "a question for a partition's leader");
      places.set(leader, [...places.get(leader) ?? [], { topic, partition }]);
    }
  }
  return places;
}

async function fetchOnce(
  line: Line,
  places: ReadonlyMap<string, readonly Place[]>,
  { next, see }: { next: Map<string, number>; see: (record: InputRecord) => void },
): Promise<void> {
  const offsetOf = ({ topic, partition }: Place) => next.get(`${topic}/${partition}`) ?? 0;
  for (const [leader, led] of places) {
    const asked = led.map((place) => ({ ...place, offset: offsetOf(place) }));
    for (const fetched of await line.fetch(leader, asked, LIMITS)) {
      if (fetched.error !== 0) throw brokerError(fetched.error, "a fetch");
      const { records, position } = decodePartition(fetched, offsetOf(fetched));
      next.set(`${fetched.topic}/${fetched.partition}`, position);
      for (const record of records) see(record);
    }
  }
}
