/** The load generator: sends events at a rate, and records when it sent each of them. */
import { clock, cpuOf, say } from "./child.ts";
import { eventRecord, shopRecord } from "./events.ts";
import { RawBroker } from "./raw_broker.ts";

/** The task of the process. */
export interface SenderTask {
  readonly broker: string;
  readonly topic: string;
  /** Events a second. */
  readonly rate: number;
  readonly events: number;
  /** Whether they are a shop's events, of more users and products. @default false */
  readonly shop?: boolean;
  /** The file for the times of sending: one 64-bit float for each event. */
  readonly times: string;
}

/** The most events of one request, so that a delayed sender does not send all overdue events at once. */
const MOST_AT_ONCE = 4000;

async function main({ broker, topic, rate, events, shop, times }: SenderTask): Promise<void> {
  const connection = await RawBroker.connect(broker);
  const sent = new Float64Array(events);
  const underWay = new Set<Promise<void>>();
  const recordOf = shop === true ? shopRecord : eventRecord;
  const began = clock();
  let behind = 0;
  for (let next = 0; next < events;) {
    const due = Math.min(events, next + MOST_AT_ONCE, Math.floor((clock() - began) * rate / 1000));
    if (due > next) {
      behind = Math.max(behind, (due - next) * 1000 / rate);
      const records = [];
      for (; next < due; next++) {
        sent[next] = clock();
        records.push(recordOf(next, { topic, timestamp: Math.floor(sent[next]) }));
      }
      const done = connection.produce(topic, records).finally(() => underWay.delete(done));
      underWay.add(done);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(underWay);
  await Deno.writeFile(times, new Uint8Array(sent.buffer));
  say("sent", { behind, cpu: cpuOf(Deno.pid), at: clock(), began });
  await connection.close();
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
