/**
 * The probe of windows: reads the results of the seconds job as a `read_committed` consumer, and records for each of them
 * its user, the end of its window, its count and when it was seen.
 */
import { clock, cpuOf, say } from "./child.ts";
import type { ProbeTask } from "./probe_main.ts";
import { ResultsReader } from "./results_reader.ts";

/** How many numbers there are of each result in the file. */
export const WINDOW_FIELDS = 4;

interface WindowRow {
  readonly user_id: string;
  readonly window_end_ms: number;
  readonly event_count: number;
}

async function main({ broker, topic, patience, times }: ProbeTask): Promise<void> {
  await using results = await ResultsReader.open(broker, topic);
  const seen: number[] = [], decoder = new TextDecoder();
  say("ready");
  // The windows that are open at the end never close, so nobody knows which result is the last.
  for (let last = Infinity; clock() - last < patience || last === Infinity;) {
    const { records, at } = await results.next();
    for (const { value } of records) {
      const row: WindowRow = JSON.parse(decoder.decode(value!));
      seen.push(Number(row.user_id.slice("user-".length)), row.window_end_ms, row.event_count, at);
    }
    if (records.length > 0) last = at;
  }
  await Deno.writeFile(times, new Uint8Array(new Float64Array(seen).buffer));
  say("seen", { seen: seen.length / WINDOW_FIELDS, fetches: results.fetches, cpu: cpuOf(Deno.pid), at: clock() });
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
