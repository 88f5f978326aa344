/**
 * The job on Kafka: topics that exist or are created, and events from other producers.
 */
import type { Flags } from "./flags.ts";
import type { Place } from "./place.ts";

/** How many partitions a missing input topic gets. Created outputs get as many as the input has. */
const PARTITIONS = 4;

/** Prepares Kafka. The client is loaded only here, so that nothing else needs its permissions. */
export async function onKafka({ topics, createTopics, state }: Flags, brokers: readonly string[]): Promise<Place> {
  const { kafka } = await import("@tidemark/streams/kafka");
  const broker = kafka({ brokers });
  if (createTopics) {
    const { input, ...outputs } = topics;
    await broker.create(input, { partitions: PARTITIONS });
    const partitions = (await broker.bounds(input)).length;
    for (const topic of Object.values(outputs)) await broker.create(topic, { partitions });
  }
  return {
    name: broker.id,
    broker,
    tasks: "perPartition",
    state,
    feed: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
