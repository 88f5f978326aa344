/**
 * The job on the embedded log: topics and state in one local file, and traffic that is generated with the job.
 */
import { KvStore } from "@tidemark/streams/state";
import { embeddedLog } from "@tidemark/streams";
import type { Flags } from "./flags.ts";
import { generate } from "./generate.ts";
import type { Place } from "./place.ts";

/** Opens the file and creates the topics. `run()` finds out whether another process has the log open. */
export async function onEmbeddedLog(flags: Flags): Promise<Place> {
  const { topics, state } = flags;
  const path = state === ":memory:" ? undefined : state;
  // This program opens and closes the KV. A file that is not a database is reported here, in one sentence.
  const { kv } = await KvStore.open(state, clock);
  try {
    const log = embeddedLog(kv, { path });
    const known = await log.topics();
    for (const topic of Object.values(topics)) {
      if (!known.includes(topic)) await log.create(topic, { partitions: 1 });
    }
    const partitions = (await log.bounds(topics.input)).length;
    return {
      name: path === undefined ? "an embedded log in memory" : `the embedded log ${path}`,
      broker: log,
      // One process has all of the input. With one task no record has to change it, so nothing goes through hops. A log
      // with more partitions was made by an older version of this program, which had a task for each.
      tasks: partitions === 1 ? "single" : "perPartition",
      state: kv,
      // With --until-end, the input is only what the log already holds.
      feed: (job, signal) => flags.untilEnd ? Promise.resolve() : generate({ kv, log, job, flags, signal }),
      [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
    };
  } catch (error) {
    kv.close();
    throw error;
  }
}

/** The clock for retries while the file is locked. */
export const clock = {
  now: () => Date.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
};
