/** A soak: a job of two workers on a real Kafka, to which everything happens, and whose results are compared as they appear. */
import { startBroker } from "../support/broker.ts";
import { describe, type Difference } from "../support/crash/compare.ts";
import { KafkaWorld } from "../support/crash/kafka_world.ts";
import type { Mutant } from "../support/crash/phased_connector.ts";
import { numbers } from "../support/crash/random.ts";
import type { Row } from "../support/crash/rows.ts";
import { type Fault, Faults } from "./faults.ts";
import { LiveCheck } from "./live_check.ts";
import { LiveReader, PATIENT } from "./live_reader.ts";
import { LiveTruth } from "./live_truth.ts";
import { type Weather, Workers } from "./workers.ts";

const PARTITIONS = 4;
/** How often a line says how it goes, in milliseconds. */
const TELLING = 5000;
/** How long a reader may see nothing new while there is something to see, in milliseconds. */
const PATIENCE = 90_000;

export interface SoakOptions {
  readonly seed: number;
  /** How long faults go on; one round of them is done in any case. */
  readonly minutes: number;
  /** Events a second. @default 1000 */
  readonly rate?: number;
  /** A way to break the protocol, to see that it is noticed. */
  readonly mutant?: Mutant;
  /** Ends it at once, as a failure. */
  readonly signal?: AbortSignal;
  /** Takes the lines that say how it goes. */
  readonly say: (line: string) => void;
}

export interface SoakSummary {
  readonly seconds: number;
  readonly events: number;
  /** Results that were seen, each compared with the truth. */
  readonly checked: number;
  readonly late: number;
  readonly latePanes: number;
  readonly kills: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly startedAnew: number;
}

/** Runs a soak. Throws what went wrong as soon as it is seen. */
export async function soak(options: SoakOptions): Promise<SoakSummary> {
  await using broker = await startBroker({ partitions: PARTITIONS });
  const { seed } = options;
  await using world = await KafkaWorld.create({
    seed,
    partitions: PARTITIONS,
    brokers: broker.brokers,
    retry: PATIENT,
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const interrupt = () => failed.reject(new Error("It was interrupted"));
  options.signal?.addEventListener("abort", interrupt, { once: true });
  const check = new Check(failed.reject);
  await using reader = await LiveReader.start(world, (row) => check.see(row));
  const weather: Weather = { awayUntil: 0 };
  const workers = new Workers(world, { weather, mutant: options.mutant, fail: failed.reject });
  const halt = new AbortController();
  const faults = new Faults(numbers(seed), { broker, weather, workers, halt: halt.signal });
  const truth = new LiveTruth(world, (row) => check.live.expect(row));

  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  const telling = setInterval(() => {
    check.lookForProgress();
    options.say(
      `${seconds()} s: ${truth.events} events, ${faults.kills} kills, ${faults.pauses} pauses, ` +
        `${faults.brokerRestarts} broker restarts, ${workers.startedAnew} started anew, lag ${check.live.lag}, ` +
        `checked ${check.live.checked}`,
    );
  }, TELLING);
  const enough = new AbortController();
  const time = setTimeout(() => enough.abort(), options.minutes * 60_000);
  const over = new AbortController();
  const traffic = truth.flow(options.rate ?? 1000, over.signal);
  const story = (async () => {
    await faults.run(enough.signal);
    over.abort();
    await traffic;
    // The last process of all is to find a broker that is well again.
    await workers.share();
    await workers.close();
    await world.end({ mutant: options.mutant });
    await Promise.race([reader.toTheEnd(), failed.promise]);
    check.compareAll();
  })();
  traffic.catch(failed.reject);
  try {
    await Promise.race([story, failed.promise]);
  } catch (error) {
    options.say(`${seconds()} s: ended. What happened last: ${faults.story.join(", ")}`);
    throw error;
  } finally {
    clearInterval(telling);
    clearTimeout(time);
    halt.abort();
    over.abort();
    await workers.close();
    await Promise.allSettled([story, traffic]);
    options.signal?.removeEventListener("abort", interrupt);
  }
  const { late, latePanes, live: { checked } } = check;
  const { kills, done } = faults;
  const { startedAnew } = workers;
  return { seconds: seconds(), events: truth.events, checked, late, latePanes, kills, faults: done, startedAnew };
}

/** The comparison, and what is counted beside it. */
class Check {
  readonly live = new LiveCheck();
  late = 0;
  latePanes = 0;
  #seenAt = performance.now();

  constructor(readonly fail: (error: Error) => void) {}

  see(row: Row): void {
    this.#seenAt = performance.now();
    const difference = this.live.see(row);
    if (difference !== undefined) return this.fail(wrong([difference]));
    if (row.output === "late") this.late++;
    if (row.output === "activity" && (row.value as { pane: string }).pane === "late") this.latePanes++;
  }

  lookForProgress(): void {
    if (this.live.lag === 0) this.#seenAt = performance.now();
    if (performance.now() - this.#seenAt < PATIENCE) return;
    this.fail(
      new Error(
        `Nothing was seen for ${PATIENCE / 1000} s. First of what should be:\n${describe(this.live.missing())}`,
      ),
    );
  }

  compareAll(): void {
    const missing = this.live.missing();
    if (missing.length > 0) throw wrong(missing);
  }
}

function wrong(differences: readonly Difference[]): Error {
  return new Error(`The results differ from the truth: ${describe(differences)}`);
}
