/**
 * Joins two topics with a million records together on a real Kafka, outer rows included. The job is killed with SIGKILL
 * five times and restarted with the same command each time. Then the rows that a `read_committed` consumer sees are
 * compared with a plain join of the whole input.
 *
 * `deno run -A bench/million_join.ts [--records N] [--kills N] [--seed S]`. It ends with code 1 when a row is lost,
 * duplicated or wrong.
 */
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { keyPartition } from "../connectors/partitioner.ts";
import { mix, numbers, pickSeed } from "../tests/support/crash/random.ts";
import { readCommitted } from "../tests/support/crash/read_committed.ts";
import { type BenchBroker, makeTopics, openBroker } from "./support/bench_broker.ts";
import { PARTITIONS } from "./support/events.ts";
import { DISORDER, IN_TIME, type JoinRow, type JoinTask, type Side } from "./support/join_job_main.ts";
import { killOnTheWay, leadersAnswer, toTheEnd } from "./support/killing.ts";
import { RawBroker } from "./support/raw_broker.ts";

const PROGRAM = new URL("./support/join_job_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const LOAD_CHUNK = 4000;
const PATIENCE = 300_000;
/** Milliseconds of event time from one order to the next. */
const STEP = 20;
/** How many wrong rows are printed. */
const SHOWN = 20;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: Deno.args, options: { records: text, kills: text, seed: text } });
  const records = Number(values.records ?? 1_000_000), kills = Number(values.kills ?? 5);
  const seed = Number(values.seed ?? pickSeed());
  await using broker = await openBroker();
  const run = crypto.randomUUID().slice(0, 8);
  const [orders, payments, output] = ["orders", "payments", "joined"].map((name) => `million-${name}-${run}`);
  const topics = [orders, payments, output];
  await makeTopics(broker, ...topics);
  await leadersAnswer(broker, topics);
  const { left, right } = inputOf(records, seed);
  await load(broker, orders, left);
  await load(broker, payments, right);
  const truth = join(left, right);
  console.log(`seed ${seed}: ${left.length} orders, ${right.length} payments, ${truth.size} rows`);

  const folder = await Deno.makeTempDir({ prefix: "tidemark-million-" });
  const task: JoinTask = { brokers: [broker.address], orders, payments, output, state: `${folder}/state.db` };
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", `--config=${CONFIG}`, PROGRAM, JSON.stringify(task)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const logs: string[] = [];
  const began = performance.now();
  const fell = await killOnTheWay(broker, { command, output, events: truth.size, kills, random: numbers(seed), logs });
  await toTheEnd(command, logs);
  const seconds = (performance.now() - began) / 1000;

  const wrong = await compare(broker, output, truth);
  console.log(
    `${left.length + right.length} records, ${fell.length} kills with -9 (at ${fell.join(", ")} rows), ` +
      `${seconds.toFixed(1)} s in all: ${truth.size} rows: ${wrong.length === 0 ? "all right" : "WRONG"}`,
  );
  for (const one of wrong.slice(0, SHOWN)) console.log(`  ${one}`);
  if (wrong.length > 0) logs.forEach((log, process) => console.log(`Process ${process + 1} said:\n${log.trim()}`));
  else await Deno.remove(folder, { recursive: true });
  return wrong.length === 0 ? 0 : 1;
}

/**
 * Orders, and payments of which some come twice, too late, or for no order. Both are out of order by less than the
 * bound, so that nothing is late however the topics are read.
 */
function inputOf(records: number, seed: number): { left: Side[]; right: Side[] } {
  const random = numbers(mix(seed, 1) * 2 ** 32);
  const left: Side[] = [], right: Side[] = [];
  const begin = Date.now() - 86_400_000;
  for (let n = 0; left.length + right.length < records; n++) {
    const at = begin + n * STEP;
    if (random() < 0.95) left.push({ order: `order-${n}`, n, at });
    const payments = random() < 0.1 ? 0 : random() < 0.1 ? 2 : 1;
    for (let more = 0; more < payments; more++) {
      const after = random() < 0.05 ? IN_TIME + 1 + random() * IN_TIME : random() * 2 * DISORDER;
      right.push({ order: `order-${n}`, n: 10 * n + more, at: at + Math.floor(after) });
    }
  }
  return { left: disordered(left, random), right: disordered(right, random) };
}

/** The values in the order of their times, each up to half of the bound later. */
function disordered(values: readonly Side[], random: () => number): Side[] {
  const arrivals = values.map((value) => ({ value, arrival: value.at + random() * DISORDER / 2 }));
  return arrivals.sort((one, other) => one.arrival - other.arrival).map(({ value }) => value);
}

async function load({ address }: BenchBroker, topic: string, values: readonly Side[]): Promise<void> {
  const encoder = new TextEncoder();
  const connection = await RawBroker.connect(address);
  for (let from = 0; from < values.length; from += LOAD_CHUNK) {
    const records = values.slice(from, from + LOAD_CHUNK).map((value) => {
      const key = encoder.encode(value.order);
      const bytes = encoder.encode(JSON.stringify(value));
      const partition = keyPartition(key, PARTITIONS);
      return { topic, partition, timestamp: value.at, key, value: bytes, headers: undefined };
    });
    await connection.produce(topic, records);
  }
  await connection.close();
}

/** The rows of the whole input, as text, each with how often it must be there. */
function join(left: readonly Side[], right: readonly Side[]): Map<string, number> {
  const rows = new Map<string, number>();
  const add = (order: string, one: number | null, other: number | null) => {
    const row: JoinRow = { order, left: one, right: other };
    const text = JSON.stringify(row);
    rows.set(text, (rows.get(text) ?? 0) + 1);
  };
  const orders = Map.groupBy(left, ({ order }) => order), payments = Map.groupBy(right, ({ order }) => order);
  const isPair = (one: Side, other: Side) => other.at >= one.at && other.at <= one.at + IN_TIME;
  for (const one of left) {
    const partners = (payments.get(one.order) ?? []).filter((other) => isPair(one, other));
    for (const other of partners) add(one.order, one.n, other.n);
    if (partners.length === 0) add(one.order, one.n, null);
  }
  for (const other of right) {
    if (!(orders.get(other.order) ?? []).some((one) => isPair(one, other))) add(other.order, null, other.n);
  }
  return rows;
}

/** Descriptions of all rows that are missing, or were seen too often. */
async function compare(broker: BenchBroker, output: string, truth: ReadonlyMap<string, number>): Promise<string[]> {
  const decoder = new TextDecoder();
  const left = new Map(truth);
  const wrong: string[] = [];
  await readCommitted(
    new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }),
    { brokers: [broker.address], topics: [output], partitions: PARTITIONS, patience: PATIENCE },
    ({ value }) => {
      const row = decoder.decode(value!);
      const expected = left.get(row) ?? 0;
      if (expected === 0) wrong.push(`${row} is no row, or came again`);
      else left.set(row, expected - 1);
    },
  );
  for (const [row, missing] of left) if (missing > 0) wrong.push(`${row} is missing`);
  return wrong;
}
