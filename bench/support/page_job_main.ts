/**
 * A job with a page, for `page_bench.ts`: its input is generated at a rate and kept nowhere, so that what grows is the job
 * or the page.
 */
import {
  count,
  eventTime,
  keyedReduce,
  memory,
  minutes,
  run,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import type { InputRecord } from "../../connectors/connector.ts";
import { startLocalReader } from "../../connectors/local/reader.ts";

/** What the job is to do. */
export interface PageJob {
  /** Records a second; `undefined` is as many as it takes. */
  readonly rate: number | undefined;
}

interface Visit {
  readonly user: string;
  readonly at: number;
}

const USERS = 1_000, BATCH = 500;
const { rate = Infinity }: PageJob = JSON.parse(Deno.args[0]);
const began = Date.now();
const encoder = new TextEncoder();
const keys = Array.from({ length: USERS }, (_, user) => encoder.encode(`user-${user}`));

/** How many records there are by now. */
function latest(): number {
  return rate === Infinity ? Number.MAX_SAFE_INTEGER : Math.floor((Date.now() - began) / 1000 * rate);
}

function record(offset: number): InputRecord {
  const at = rate === Infinity ? began + Math.floor(offset / 20) : began + Math.floor(offset * 1000 / rate);
  const user = offset * 7919 % USERS;
  const value = encoder.encode(JSON.stringify({ user: `user-${user}`, at }));
  return { topic: "visits", partition: 0, offset, key: keys[user], value, timestamp: at, headers: undefined };
}

const log = memory();
log.create("visits");
const open = log.open.bind(log);
log.open = async (context) => {
  const connection = await open(context);
  connection.reader = (options, handler) => {
    const generated = {
      partitions: () => 1,
      bounds: () => ({ earliest: 0, latest: latest() }),
      ended: () => false,
      fetch: (topic: string, _partition: number, from: number) => {
        const records = Math.min(BATCH, Math.max(0, latest() - from));
        return Promise.resolve(Array.from({ length: records }, (_, nth) => ({ ...record(from + nth), topic })));
      },
      watch: (listener: (topic: string) => void) => {
        const timer = setInterval(() => listener("visits"), 20);
        return () => clearInterval(timer);
      },
    };
    return Promise.resolve(startLocalReader(generated, { options, handler, after: context.after }));
  };
  return connection;
};

const visits = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
  eventTime(({ at }) => at),
  watermark({ maxOutOfOrderness: seconds(5) }),
);
const job = await run([
  visits.pipe(keyedReduce({ name: "visits-of-user", key: ({ user }) => user, initial: 0, reduce: (n) => n + 1 })),
  visits.pipe(tumblingWindow({ name: "activity", key: ({ user }) => user, size: minutes(1), aggregate: count() })),
], { name: "bench", state: ":memory:", log: () => {} });
const page = await dashboard(job, { port: 0, log: () => {} });
const say = (message: object) => console.log(JSON.stringify(message));
say({ says: "open", url: page.url });

const asked = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
  // The flag --expose-gc gives it.
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed } = Deno.memoryUsage();
  return Response.json({ heapUsed, records: job.metrics.snapshot().records_in });
});
say({ says: "asked", url: `http://127.0.0.1:${asked.addr.port}/` });
