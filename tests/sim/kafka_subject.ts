/**
 * The simulated Kafka as a subject of the contracts that a real one passes. Virtual time goes on while a test waits.
 */
import type { KafkaSubject } from "../support/kafka_subject.ts";
import type { Caller } from "./caller.ts";
import { SimCluster } from "./kafka/cluster.ts";
import type { ClusterOptions } from "./kafka/world.ts";
import { seeded } from "../../base/random.ts";
import { Scheduler } from "./scheduler.ts";

/** The travel time of a message in one direction, in milliseconds. */
const TRAVEL = 0.3;

/** A simulated Kafka that a test can manipulate. */
export interface SimKafkaSubject extends KafkaSubject {
  readonly cluster: SimCluster;
  readonly scheduler: Scheduler;
}

/** A caller that loses no messages, all of which take the same time. */
export function faithfulCaller(scheduler: Scheduler): Caller {
  const travel = () => new Promise<void>((resolve) => void scheduler.after(TRAVEL, resolve));
  return {
    async call(_what, effect) {
      await travel();
      try {
        return await effect();
      } finally {
        await travel();
      }
    },
  };
}

/** A cluster of its own, with its own time. */
export function simKafka(options: Partial<ClusterOptions> = {}): Promise<SimKafkaSubject> {
  // Virtual time begins near the present: records of the tests have timestamps around it.
  const scheduler = new Scheduler(1_750_000_000_000);
  const random = seeded(1);
  const cluster = new SimCluster({ scheduler, random, ...options });
  let ended = false;
  const driven = drive(scheduler, () => ended);
  return Promise.resolve({
    cluster,
    scheduler,
    driver: cluster.driver(faithfulCaller(scheduler)),
    clock: {
      elapsed: () => scheduler.now,
      after: (ms, run) => scheduler.after(ms, run),
      random,
    },
    now: () => scheduler.now,
    createTopicWith: (topic, config) => Promise.resolve(cluster.createTopic(topic, 1, config)),
    deleteRecords: (topic, partition, before) => Promise.resolve(cluster.deleteRecords(topic, partition, before)),
    setOffset: (group, topic, partition, offset) =>
      Promise.resolve(cluster.resetOffsets(group, topic, new Map([[partition, offset]]))),
    // deno-lint-ignore require-await
    intrude: async (group, topic) => {
      const leave = cluster.intrude(group, topic);
      return { leave: () => Promise.resolve(leave()) };
    },
    members: (group) => Promise.resolve(cluster.groupMembers(group).sort()),
    async [Symbol.asyncDispose]() {
      ended = true;
      await driven;
    },
  });
}

/** Lets time go on whenever no work is left at the present moment. When no event is left, it waits for the test. */
async function drive(scheduler: Scheduler, ended: () => boolean): Promise<void> {
  while (!await scheduler.drive(ended, Infinity));
}
