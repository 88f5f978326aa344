/**
 * The job on the embedded log: topics and state in one local file, and a shop that opens with the job.
 */
import { embeddedLog } from "@tidemark/streams";
import type { Flags } from "./flags.ts";
import { generate } from "./generate.ts";
import type { Place } from "./place.ts";

/** Opens the file and makes the topics. Whoever has the log already is found out by `run()`. */
export async function onEmbeddedLog(flags: Flags): Promise<Place> {
  const { topics, state } = flags;
  const path = state === ":memory:" ? undefined : state;
  const kv = await openKv(state);
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

/** Opens the KV, which is this program's to close. Throws one sentence. */
async function openKv(where: string): Promise<Deno.Kv> {
  try {
    const folder = /^(.*)[/\\]/.exec(where)?.[1];
    if (folder) await Deno.mkdir(folder, { recursive: true });
    const kv = await Deno.openKv(where);
    try {
      // A file that is no database is found out by the first reading.
      await kv.get(["shop"]);
      return kv;
    } catch (error) {
      kv.close();
      throw error;
    }
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new Error(`Cannot open the state at ${where}: ${reason}`, { cause: error });
  }
}
