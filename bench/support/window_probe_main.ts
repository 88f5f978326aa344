/**
 * The probe of windows: reads the results of the seconds job as a `read_committed` consumer, and records for each of them
 * its user, the end of its window, its count and when it was seen.
 */
import { decodePartition } from "../../connectors/kafka/record_batch_decode.ts";
import { clock, cpuOf, say } from "./child.ts";
import { PARTITIONS } from "./events.ts";
import type { ProbeTask } from "./probe_main.ts";
import { RawBroker } from "./raw_broker.ts";

/** How long a broker may delay an empty fetch, in milliseconds. */
const WAIT = 100;
/** How many numbers there are of each result in the file. */
export const WINDOW_FIELDS = 4;

interface WindowRow {
  readonly user_id: string;
  readonly window_end_ms: number;
  readonly event_count: number;
}

async function main({ broker, topic, patience, times }: ProbeTask): Promise<void> {
  const connection = await RawBroker.connect(broker);
  const places = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  const seen: number[] = [], decoder = new TextDecoder();
  let fetches = 0;
  say("ready");
  // The windows that are open at the end never close, so nobody knows which result is the last.
  for (let last = Infinity; clock() - last < patience || last === Infinity;) {
    const fetched = await connection.fetch(places, WAIT);
    const now = clock();
    fetches++;
    for (const one of fetched) {
      const { records, position } = decodePartition(one, places[one.partition].offset);
      places[one.partition].offset = position;
      for (const { value } of records) {
        const row: WindowRow = JSON.parse(decoder.decode(value!));
        seen.push(Number(row.user_id.slice("user-".length)), row.window_end_ms, row.event_count, now);
      }
      if (records.length > 0) last = now;
    }
  }
  await Deno.writeFile(times, new Uint8Array(new Float64Array(seen).buffer));
  say("seen", { seen: seen.length / WINDOW_FIELDS, fetches, cpu: cpuOf(Deno.pid), at: clock() });
  await connection.close();
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
