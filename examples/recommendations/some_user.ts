/**
 * An example for the summary: a user, and what is recommended to them.
 */
import { FOR_YOU } from "./pipeline.ts";
import type { Recommended } from "./recommended.ts";

/** How many users are looked at. */
const LOOKED_AT = 100;

/**
 * Of some users the one with the most events for whom there is a recommendation; `undefined` where there is none, or the
 * state cannot be opened again.
 *
 * @param state the `state` of the job, which has ended
 */
export async function someUser(state: string | Deno.Kv): Promise<Recommended | undefined> {
  // What a job has kept in memory ends with it.
  if (state === ":memory:") return undefined;
  if (typeof state !== "string") return await busiest(state);
  using kv = await Deno.openKv(state);
  return await busiest(kv);
}

async function busiest(kv: Deno.Kv): Promise<Recommended | undefined> {
  let found: Recommended | undefined;
  for await (const { value } of kv.list<Recommended>({ prefix: FOR_YOU }, { limit: LOOKED_AT })) {
    if (value.recommendations.length === 0) continue;
    if (found === undefined || value.event_count > found.event_count) found = value;
  }
  return found;
}
