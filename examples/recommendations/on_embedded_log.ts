/**
 * The job on the embedded log: topics and state in one local file, and a shop that opens with the job.
 */
import { KvStore } from "@tidemark/streams/state";
import { embeddedLog } from "@tidemark/streams";
import type { Flags } from "./flags.ts";
import { generate } from "./generate.ts";
import type { Place } from "./place.ts";

/** Opens the file and makes the topics. Whoever has the log already is found out by `run()`. */
export async function onEmbeddedLog(flags: Flags): Promise<Place> {
  const { topics, state } = flags;
  const path = state === ":memory:" ? undefined : state;
  // The KV is this program's to close. A file that is no database is found out here, in one sentence.
  const { kv } = await KvStore.open(state, clock);
  try {
    const log = embeddedLog(kv, { path });
    const known = await log.topics();
    for (const topic of Object.values(topics)) if (!known.includes(topic)) await log.create(topic);
    return {
      name: path === undefined ? "an embedded log in memory" : `the embedded log ${path}`,
      broker: log,
      state: kv,
      // With --until-end, what is there is all of it.
      feed: (job, signal) => flags.untilEnd ? Promise.resolve() : generate({ kv, log, job, flags, signal }),
      [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
    };
  } catch (error) {
    kv.close();
    throw error;
  }
}

/** For a file that is locked while it is opened. */
const clock = {
  now: () => Date.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  random: () => Math.random(),
};
