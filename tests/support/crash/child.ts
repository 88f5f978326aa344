/**
 * The process that is killed: runs the crash job on the embedded log or on Kafka, and prints its phases.
 *
 * Its argument is a {@linkcode ChildOptions} as JSON.
 */
import { type EmbeddedLog, embeddedLog, run } from "@tidemark/streams";
import type { Connector } from "../../../connectors/connector.ts";
import { KafkaConnection } from "../../../connectors/kafka/connection.ts";
import { KafkaJsDriver } from "../../../connectors/kafka/kafkajs_driver.ts";
import { systemClock } from "../../../base/clock.ts";
import { KvStore } from "../../../state/mod.ts";
import { pipelines, type Topics } from "./job.ts";
import { type Mutant, phasedConnector, phasedDriver } from "./phased_connector.ts";
import { phasedKv } from "./phased_kv.ts";
import { type Aim, Points } from "./points.ts";
import { eventAt } from "./traffic.ts";

export interface ChildOptions {
  readonly job: string;
  /** The path of the KV's file. */
  readonly state: string;
  readonly topics: Topics;
  /** The worker's name. @default "one" */
  readonly worker?: string;
  /** Absent: the job runs on the embedded log in its KV. */
  readonly brokers?: readonly string[];
  /** The job ends when it has processed what is in the input now. */
  readonly untilEnd?: boolean;
  /** The process writes the input of this seed, this many events per second. Only on the embedded log. */
  readonly feed?: { readonly seed: number; readonly rate: number };
  readonly aim?: Aim;
  /** Slows a commit of several atomics down, so that transactions end between them. */
  readonly slow?: boolean;
  /** The job calls a service about each event. */
  readonly calls?: boolean;
  /** Every task of the job hears the counts of all users, through a hop. */
  readonly hears?: boolean;
  readonly mutant?: Mutant;
  /** How long the Kafka client waits for an answer, and for a connection, in milliseconds. @default its own */
  readonly patience?: number;
  /** How long a transaction may stay open, in milliseconds. @default the engine's own */
  readonly transactionTimeout?: number;
}

/** The pause between two appends of the input, in milliseconds. */
const FEED_INTERVAL = 10;

if (import.meta.main) await main(JSON.parse(Deno.args[0]));

async function main(options: ChildOptions): Promise<void> {
  const { job: name, topics, worker = "one", mutant } = options;
  const points = new Points(options.aim);
  points.begin("start");
  // Opens the KV as the engine does: another worker that is stopped in a write may hold its lock.
  const { kv: opened } = await KvStore.open(options.state, systemClock);
  const kv = phasedKv(opened, { points, slow: options.slow ?? false });
  const log = options.brokers === undefined ? embeddedLog(kv, { path: options.state }) : undefined;
  const connector = phasedConnector(log ?? kafkaOver(options, points), { points, mutant });
  const job = await run(pipelines(connector, topics, () => points.reach("pushing"), options), {
    name,
    state: kv,
    worker,
    until: options.untilEnd ? "end" : undefined,
    log: (line) => points.say(`log ${line}`),
  });
  const stop = () => void job.stop();
  Deno.addSignalListener("SIGTERM", stop);
  if (log !== undefined && options.feed !== undefined) void feed(log, topics.input, options.feed);
  await job.finished;
  Deno.removeSignalListener("SIGTERM", stop);
  points.say("finished");
  kv.close();
}

function kafkaOver({ brokers, patience, transactionTimeout, mutant }: ChildOptions, points: Points): Connector {
  const timeouts = patience === undefined ? {} : { requestTimeout: patience, connectionTimeout: patience };
  const plain = new KafkaJsDriver(brokers!, { clientId: "crash", ...timeouts });
  const driver = phasedDriver(plain, points, { timeout: transactionTimeout, mutant });
  return { id: `kafka ${driver.name}`, open: () => KafkaConnection.open(driver) };
}

/** Appends input after the end of the log until the process is killed. */
async function feed(
  log: EmbeddedLog,
  topic: string,
  { seed, rate }: { seed: number; rate: number },
): Promise<void> {
  const bounds = await log.bounds(topic);
  const next = bounds.map(({ latest }) => latest);
  const each = Math.max(1, Math.round(rate * FEED_INTERVAL / 1000 / next.length));
  for (;;) {
    const records = next.flatMap((from, partition) =>
      Array.from({ length: each }, (_, step) => {
        const event = eventAt(seed, partition, from + step);
        return { partition, key: event.user_id, value: event };
      })
    );
    await log.append(topic, records);
    next.forEach((from, partition) => next[partition] = from + each);
    await new Promise((resolve) => setTimeout(resolve, FEED_INTERVAL));
  }
}
