/**
 * Runs the example job over a million events on a real Kafka. It is killed with SIGKILL five times and restarted with
 * the same command each time. Then everything that a `read_committed` consumer sees is compared with the expected
 * results.
 *
 * `deno run -A bench/million.ts [--events N] [--kills N] [--seed S]`. It ends with code 1 when a result is lost,
 * duplicated or wrong.
 */
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { keyPartition } from "../connectors/partitioner.ts";
import { eventAt, receivedAt, type Traffic } from "../examples/recommendations/traffic.ts";
import { numbers, pickSeed } from "../tests/support/crash/random.ts";
import { readCommitted } from "../tests/support/crash/read_committed.ts";
import { type BenchBroker, countVisible, makeTopics, openBroker } from "./support/bench_broker.ts";
import { PARTITIONS } from "./support/events.ts";
import { MillionCheck } from "./support/million_check.ts";
import { MillionTruth, trafficOf } from "./support/million_truth.ts";
import { killOnTheWay, leadersAnswer, toTheEnd } from "./support/killing.ts";
import { RawBroker } from "./support/raw_broker.ts";

const PROGRAM = new URL("../examples/recommendations/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;
/** Events a second of the traffic's own time: 167 minutes for a million. */
const PER_SECOND = 100;
const LOAD_CHUNK = 4000;
const PATIENCE = 300_000;

interface Topics {
  readonly input: string;
  readonly output: string;
  readonly activity: string;
  readonly late: string;
  readonly deadLetter: string;
}

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: Deno.args, options: { events: text, kills: text, seed: text } });
  const events = Number(values.events ?? 1_000_000), kills = Number(values.kills ?? 5);
  const seed = Number(values.seed ?? pickSeed());
  await using broker = await openBroker();
  const run = crypto.randomUUID().slice(0, 8);
  const [input, output, activity, late, deadLetter] = ["in", "counts", "activity", "late", "dead"]
    .map((name) => `million-${name}-${run}`);
  const topics: Topics = { input, output, activity, late, deadLetter };
  await makeTopics(broker, ...Object.values(topics));
  await leadersAnswer(broker, Object.values(topics));
  const truth = await load(broker, input, { traffic: trafficOf(events, { seed, perSecond: PER_SECOND }), events });
  console.log(
    `seed ${seed}: ${events} events in ${PARTITIONS} partitions, ${truth.late.size} too late for their minute`,
  );

  const folder = await Deno.makeTempDir({ prefix: "tidemark-million-" });
  const command = commandOf(broker, topics, folder);
  const began = performance.now();
  const logs: string[] = [];
  const fell = await killOnTheWay(broker, { command, output, events, kills, random: numbers(seed), logs });
  const summary = await toTheEnd(command, logs);
  const seconds = (performance.now() - began) / 1000;

  const check = new MillionCheck(truth);
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING });
  await readCommitted(
    kafka,
    {
      brokers: [broker.address],
      topics: [output, activity, late, deadLetter],
      partitions: PARTITIONS,
      patience: PATIENCE,
    },
    (record) => {
      const { topic } = record;
      check.see(
        topic === output ? "counts" : topic === activity ? "activity" : topic === late ? "late" : "dead",
        record,
      );
    },
  );
  check.end();
  check.summary(summary, topics, events);
  console.log(
    `${events} events, ${fell.length} kills with -9 (at ${fell.join(", ")} results), ${seconds.toFixed(1)} s in all: ` +
      `${check.seen.counts} counts of ${truth.counts.size} users, ${check.seen.activity} results of ${truth.minutes.size} minutes of users, ` +
      `${check.seen.late} late events, ${check.seen.dead} dead letters: ${
        check.wrong.length === 0 ? "all right" : `${check.wrongs} WRONG`
      }`,
  );
  if (check.wrong.length === 0) {
    await Deno.remove(folder, { recursive: true });
    return 0;
  }
  await explain(broker, { check, topics, logs, folder });
  return 1;
}

/**
 * Prints what helps to find the cause: the wrong results, whether another reader sees the same, and the log of each
 * process.
 */
async function explain(
  broker: BenchBroker,
  { check, topics, logs, folder }: { check: MillionCheck; topics: Topics; logs: readonly string[]; folder: string },
): Promise<void> {
  for (const one of check.wrong) console.log(`  ${one}`);
  // Without the extra record that was appended to each partition.
  const again = async (topic: string) => await countVisible(broker, topic) - PARTITIONS;
  console.log(
    `Another reader sees ${await again(topics.output)} counts, ${await again(
      topics.activity,
    )} results of minutes and ` +
      `${await again(topics.late)} late events. The state is kept in ${folder}.`,
  );
  logs.forEach((log, process) => console.log(`Process ${process + 1} said:\n${log.trim()}`));
}

/** Fills the input, each event in its user's partition, and computes the expected results. */
async function load(
  broker: BenchBroker,
  topic: string,
  { traffic, events }: { traffic: Traffic; events: number },
): Promise<MillionTruth> {
  const encoder = new TextEncoder();
  const truth = new MillionTruth(PARTITIONS);
  const connection = await RawBroker.connect(broker.address);
  for (let from = 0; from < events; from += LOAD_CHUNK) {
    const records = Array.from({ length: Math.min(LOAD_CHUNK, events - from) }, (_, at) => {
      const event = eventAt(traffic, from + at);
      const key = encoder.encode(event.user_id);
      const partition = keyPartition(key, PARTITIONS);
      truth.add(partition, event);
      const timestamp = receivedAt(traffic, from + at);
      return { topic, partition, timestamp, key, value: encoder.encode(JSON.stringify(event)), headers: undefined };
    });
    await connection.produce(topic, records);
  }
  await connection.close();
  truth.end();
  return truth;
}

/** The command that starts the job, the same at the first start and after each kill. */
function commandOf(broker: BenchBroker, topics: Topics, folder: string): Deno.Command {
  const flags = [
    ...["--brokers", broker.address, "--job", topics.input, "--state", `${folder}/state.db`],
    ...["--input", topics.input, "--output", topics.output, "--activity", topics.activity],
    ...["--late", topics.late, "--dead-letter", topics.deadLetter, "--until-end", "--json"],
    ...["--dashboard", "off"],
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", `--config=${CONFIG}`, PROGRAM, ...flags],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
