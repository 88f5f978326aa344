/**
 * Counts a million views by user that are keyed by product, through a hop, on a real Kafka. Two workers share the job.
 * One of them, in turn, is killed with SIGKILL ten times and restarted with the same command. Then counts and windows
 * that a `read_committed` consumer sees are compared with those of the whole input.
 *
 * `deno run -A bench/million_hop.ts [--records N] [--kills N] [--seed S]`. It ends with code 1 when a result is lost,
 * duplicated or wrong, or a record was late behind the hop.
 */
import { parseArgs } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { keyPartition } from "../connectors/partitioner.ts";
import { mix, numbers, pickSeed } from "../tests/support/crash/random.ts";
import { readCommitted } from "../tests/support/crash/read_committed.ts";
import { type BenchBroker, makeTopics, openBroker } from "./support/bench_broker.ts";
import { PARTITIONS } from "./support/events.ts";
import { DISORDER, HOP_PARTITIONS, type HopTask, SIZE, type View } from "./support/hop_job_main.ts";
import { leadersAnswer } from "./support/killing.ts";
import { RawBroker } from "./support/raw_broker.ts";

const PROGRAM = new URL("./support/hop_job_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const LOAD_CHUNK = 4000;
const PATIENCE = 300_000;
/** How often the job's progress is checked, in milliseconds. */
const LOOK = 100;
/** Milliseconds of event time from one view to the next. */
const STEP = 5;
/** How many wrong rows are printed. */
const SHOWN = 20;

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: Deno.args, options: { records: text, kills: text, seed: text } });
  const records = Number(values.records ?? 1_000_000), kills = Number(values.kills ?? 10);
  const seed = Number(values.seed ?? pickSeed());
  await using broker = await openBroker();
  const run = crypto.randomUUID().slice(0, 8);
  const [input, counts, windows, late] = ["views", "totals", "activity", "late"].map((name) => `hop-${name}-${run}`);
  await makeTopics(broker, input, counts, windows, late);
  await leadersAnswer(broker, [input, counts, windows, late]);
  const views = inputOf(records, seed);
  await load(broker, input, views);
  const truth = truthOf(views);

  const folder = await Deno.makeTempDir({ prefix: "tidemark-hop-" });
  const task: HopTask = { brokers: [broker.address], input, counts, windows, late, state: `${folder}/state.db` };
  const workers = new Workers(task);
  const began = performance.now();
  const fell = await workers.killOnTheWay(broker, { records, kills, random: numbers(seed) });
  await workers.toTheEnd();
  const seconds = (performance.now() - began) / 1000;

  const wrong = await compare(broker, task, truth);
  const left = await leftIn(broker, `${counts}.by-user.repartition`);
  console.log(
    `seed ${seed}: ${records} views, ${fell.length} kills with -9 (at ${fell.join(", ")} counts), two workers, ` +
      `${seconds.toFixed(1)} s in all: ${truth.size} counts and windows: ${
        wrong.length === 0 ? "all right" : "WRONG"
      }; ` +
      `${left} records are left in the hop`,
  );
  for (const one of wrong.slice(0, SHOWN)) console.log(`  ${one}`);
  if (wrong.length > 0) workers.logs.forEach((log, process) => console.log(`Process ${process + 1} said:\n${log}`));
  else await Deno.remove(folder, { recursive: true });
  return wrong.length === 0 ? 0 : 1;
}

/** Views in the order in which they arrive: out of order by less than the bound, so that nothing is late. */
function inputOf(records: number, seed: number): View[] {
  const random = numbers(mix(seed, 1) * 2 ** 32);
  const begin = Date.now() - 86_400_000;
  const views = Array.from({ length: records }, (_none, n) => {
    const view = {
      user: `user-${Math.floor(random() ** 2 * 20_000)}`,
      product: `product-${Math.floor(random() * 1000)}`,
      at: begin + n * STEP,
    };
    return { view, arrival: view.at + random() * DISORDER / 2 };
  });
  return views.sort((one, other) => one.arrival - other.arrival).map(({ view }) => view);
}

async function load({ address }: BenchBroker, topic: string, views: readonly View[]): Promise<void> {
  const encoder = new TextEncoder();
  const connection = await RawBroker.connect(address);
  for (let from = 0; from < views.length; from += LOAD_CHUNK) {
    await connection.produce(
      topic,
      views.slice(from, from + LOAD_CHUNK).map((view) => {
        const key = encoder.encode(view.product), value = encoder.encode(JSON.stringify(view));
        return { topic, partition: keyPartition(key, PARTITIONS), timestamp: view.at, key, value, headers: undefined };
      }),
    );
  }
  await connection.close();
}

/** The rows of the whole input, as text. */
function truthOf(views: readonly View[]): Set<string> {
  const rows = new Set<string>();
  const totals = new Map<string, number>(), windows = new Map<string, number>();
  for (const { user, at } of views) {
    const n = (totals.get(user) ?? 0) + 1;
    totals.set(user, n);
    rows.add(JSON.stringify({ user, n }));
    const window = JSON.stringify({ user, start: Math.floor(at / SIZE) * SIZE });
    windows.set(window, (windows.get(window) ?? 0) + 1);
  }
  for (const [window, n] of windows) rows.add(JSON.stringify({ ...JSON.parse(window), n }));
  return rows;
}

/** Two processes of one job. */
class Workers {
  readonly logs: string[] = [];
  readonly #command: Deno.Command;
  readonly #running: { child: Deno.ChildProcess; over: Promise<Deno.CommandStatus> }[] = [];

  constructor(readonly task: HopTask) {
    this.#command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", `--config=${CONFIG}`, PROGRAM, JSON.stringify(task)],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    for (let slot = 0; slot < 2; slot++) this.#start(slot);
  }

  #start(slot: number): void {
    const child = this.#command.spawn();
    const said = new Response(child.stderr).text();
    const over = child.status.then(async (status) => {
      this.logs.push(await said);
      return status;
    });
    this.#running[slot] = { child, over };
  }

  /** Kills one of the two in turn, each time after a further part of the counts, and starts it again. */
  async killOnTheWay(
    broker: BenchBroker,
    { records, kills, random }: { records: number; kills: number; random: () => number },
  ): Promise<number[]> {
    const connection = await RawBroker.connect(broker.address);
    const { counts: topic } = this.task;
    const visible = async () =>
      (await connection.offsets(topic, PARTITIONS, "stable")).reduce((sum, one) => sum + one, 0);
    const fell: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const at = records * (kill - 0.5 + random() * 0.5) / (kills + 1);
      while (await visible() < at) await new Promise((resolve) => setTimeout(resolve, LOOK));
      const slot = kill % 2;
      const { child, over } = this.#running[slot];
      child.kill("SIGKILL");
      if ((await over).signal !== "SIGKILL") {
        throw new Error(`A worker ended before kill ${kill}:\n${this.logs.at(-1)}`);
      }
      fell.push(await visible());
      this.#start(slot);
    }
    await connection.close();
    return fell;
  }

  /** Waits until both have finished. */
  async toTheEnd(): Promise<void> {
    for (const { over } of this.#running) {
      const { code } = await over;
      if (code !== 0) throw new Error(`A worker ended with code ${code}:\n${this.logs.join("\n")}`);
    }
  }
}

/** Descriptions of all rows that are missing, wrong or came again, and of late records. */
async function compare(
  broker: BenchBroker,
  { counts, windows, late }: HopTask,
  truth: ReadonlySet<string>,
): Promise<string[]> {
  const decoder = new TextDecoder();
  const left = new Set(truth);
  const wrong: string[] = [];
  await readCommitted(
    new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }),
    { brokers: [broker.address], topics: [counts, windows, late], partitions: PARTITIONS, patience: PATIENCE },
    ({ topic, value }) => {
      const row = decoder.decode(value!);
      if (topic === late) wrong.push(`${row} was late`);
      else if (!left.delete(row)) wrong.push(`${row} is no row, or came again`);
    },
  );
  for (const row of left) wrong.push(`${row} is missing`);
  return wrong;
}

/** How many offsets of the hop are not deleted yet, transaction markers included. */
async function leftIn({ address }: BenchBroker, topic: string): Promise<number> {
  const connection = await RawBroker.connect(address);
  const first = await connection.offsets(topic, HOP_PARTITIONS, "first");
  const ends = await connection.offsets(topic, HOP_PARTITIONS, "stable");
  await connection.close();
  return ends.reduce((sum, end, partition) => sum + end - first[partition], 0);
}

if (import.meta.main) Deno.exit(await main());
