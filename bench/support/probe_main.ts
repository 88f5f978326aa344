/**
 * The probe: reads the results of the counts job, or rows of recommendations, as a `read_committed` consumer, and records
 * when it saw each of them. Both begin with the user and the number of the user's event.
 */
import { clock, cpuOf, say } from "./child.ts";
import { SHOP, shopUserOf, USERS } from "./events.ts";
import { ResultsReader } from "./results_reader.ts";

/** The task of the process. */
export interface ProbeTask {
  readonly broker: string;
  readonly topic: string;
  readonly events: number;
  /** Whether they are a shop's events. Then rows of one user may come out of order. @default false */
  readonly shop?: boolean;
  /** How long to wait for the next result before the probe gives up, in milliseconds. */
  readonly patience: number;
  /** The file for the times of arrival: one 64-bit float for each event, 0 for a missing result. */
  readonly times: string;
}

const USER_AT = `{"user_id":"user-`.length;
const COUNT_AT = `{"user_id":"user-00000","event_count":`.length;

/** Parses the decimal number at a position. */
function numberAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let digit = bytes[at] - 48; digit >= 0 && digit <= 9; digit = bytes[++at] - 48) value = value * 10 + digit;
  return value;
}

/** The indexes of each user's events. */
function eventsOfUsers(events: number): number[][] {
  const own: number[][] = Array.from({ length: SHOP.users }, () => []);
  for (let index = 0; index < events; index++) own[shopUserOf(index)].push(index);
  return own;
}

async function main({ broker, topic, events, shop = false, patience, times }: ProbeTask): Promise<void> {
  await using results = await ResultsReader.open(broker, topic);
  const arrived = new Float64Array(events);
  const counts = new Uint32Array(USERS);
  const own = shop ? eventsOfUsers(events) : undefined;
  let seen = 0, wrong = 0;
  say("ready");
  for (let last = clock(); seen < events;) {
    const { records, at } = await results.next();
    for (const { value } of records) {
      const user = numberAt(value!, USER_AT), count = numberAt(value!, COUNT_AT);
      // Each count must come once, and those of the counts job in order.
      if (own === undefined && count !== ++counts[user]) wrong++;
      const index = own === undefined ? (count - 1) * USERS + user : own[user][count - 1];
      if (own !== undefined && arrived[index] !== 0) wrong++;
      if (index < events) arrived[index] = at;
    }
    seen += records.length;
    if (records.length > 0) last = at;
    if (seen > 0 && at - last > patience) break;
  }
  await Deno.writeFile(times, new Uint8Array(arrived.buffer));
  say("seen", { seen, wrong, fetches: results.fetches, cpu: cpuOf(Deno.pid), at: clock() });
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
