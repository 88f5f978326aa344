/** A soak: a job of two workers on a real Kafka, to which everything happens, and whose results are compared as they appear. */
import type { Broker } from "../support/broker.ts";
import { describe, type Difference } from "../support/crash/compare.ts";
import { KafkaWorld } from "../support/crash/kafka_world.ts";
import { ownCluster } from "../support/faults/own_cluster.ts";
import type { Mutant } from "../support/crash/phased_connector.ts";
import { numbers } from "../support/crash/random.ts";
import type { Row } from "../support/crash/rows.ts";
import { type Fault, Faults } from "./faults.ts";
import { inputFault } from "./input_fault.ts";
import { LiveCheck } from "./live_check.ts";
import { LiveReader } from "./live_reader.ts";
import { LiveTruth } from "./live_truth.ts";
import { type Weather, Workers } from "./workers.ts";

const PARTITIONS = 4;
/** Of fewer, a partition has no leader while one is away, and Kafka loses ends of transactions then: see docs/proof.md. */
const NODES = 3;
/** How often a line says how it goes, in milliseconds. */
const TELLING = 5000;
/** How long a reader may see nothing new while there is something to see, in milliseconds. */
const PATIENCE = 120_000;
/** How the plain clients of a soak try again: for ever, and soon. */
const PATIENT = { initialRetryTime: 50, maxRetryTime: 500, retries: Number.MAX_SAFE_INTEGER } as const;

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
  await using broker = await ownCluster({ partitions: PARTITIONS, nodes: NODES });
  await using world = await KafkaWorld.create({
    seed: options.seed,
    partitions: PARTITIONS,
    brokers: broker.brokers,
    retry: PATIENT,
  });
  return await new Soak(options, broker, world).run();
}

class Soak {
  readonly #failed = Promise.withResolvers<never>();
  readonly #check = new Check(this.#failed.reject);
  readonly #halt = new AbortController();
  readonly #workers: Workers;
  readonly #faults: Faults;
  readonly #truth: LiveTruth;
  readonly #began = performance.now();

  constructor(readonly options: SoakOptions, broker: Broker, readonly world: KafkaWorld) {
    const weather: Weather = { awayUntil: 0 };
    this.#failed.promise.catch(() => {});
    this.#workers = new Workers(world, { weather, mutant: options.mutant, fail: this.#failed.reject });
    this.#faults = new Faults(numbers(options.seed), {
      broker,
      nodes: NODES,
      weather,
      workers: this.#workers,
      halt: this.#halt.signal,
    });
    this.#truth = new LiveTruth(world, (row) => this.#check.live.expect(withoutSource(row)));
  }

  async run(): Promise<SoakSummary> {
    const { signal, say } = this.options;
    const interrupt = () => this.#failed.reject(new Error("It was interrupted"));
    signal?.addEventListener("abort", interrupt, { once: true });
    const telling = setInterval(() => this.#tell(), TELLING);
    const story = this.#story();
    try {
      await Promise.race([story, this.#failed.promise]);
      return this.#summary();
    } catch (error) {
      say(`${this.#seconds} s: ended. What happened last: ${this.#faults.story.join(", ")}`);
      say(this.#workers.lastWords);
      say(
        await inputFault(this.world).catch((reason) => `the input cannot be read: ${reason}`) ?? "the input is right",
      );
      throw error;
    } finally {
      clearInterval(telling);
      signal?.removeEventListener("abort", interrupt);
      this.#halt.abort();
      await this.#workers.close();
      await Promise.allSettled([story]);
    }
  }

  /** From the first event to the last comparison. */
  async #story(): Promise<void> {
    const { minutes, rate = 1000, mutant } = this.options;
    const failed = this.#failed.promise;
    await using reader = new LiveReader(this.world, (row) => this.#check.see(row));
    reader.failed.catch(this.#failed.reject);
    const [enough, over] = [new AbortController(), new AbortController()];
    const time = setTimeout(() => enough.abort(), minutes * 60_000);
    const traffic = this.#truth.flow(rate, over.signal);
    traffic.catch(this.#failed.reject);
    try {
      await this.#faults.run(enough.signal);
    } finally {
      clearTimeout(time);
      over.abort();
      await traffic;
    }
    // The workers come to what is there by themselves, also where the broker has only just come back.
    await Promise.race([this.#check.complete(), failed]);
    await this.#workers.close();
    this.#truth.end();
    await this.world.end({ mutant });
    await Promise.race([reader.toTheEnd(), failed]);
    this.#check.compareAll();
  }

  get #seconds(): number {
    return Math.round((performance.now() - this.#began) / 1000);
  }

  #tell(): void {
    this.#check.lookForProgress();
    const { live } = this.#check;
    const { kills, pauses, brokerRestarts } = this.#faults;
    this.options.say(
      `${this.#seconds} s: ${this.#truth.events} events, ${kills} kills, ${pauses} pauses, ` +
        `${brokerRestarts} broker restarts, ${this.#workers.startedAnew} started anew, lag ${live.lag}, ` +
        `checked ${live.checked}`,
    );
  }

  #summary(): SoakSummary {
    const { late, latePanes, live } = this.#check;
    return {
      seconds: this.#seconds,
      events: this.#truth.events,
      checked: live.checked,
      late,
      latePanes,
      kills: this.#faults.kills,
      faults: this.#faults.done,
      startedAnew: this.#workers.startedAnew,
    };
  }
}
/** The comparison, and what is counted beside it. */
class Check {
  readonly live = new LiveCheck();
  late = 0;
  latePanes = 0;
  #seenAt = performance.now();
  #complete: (() => void) | undefined;

  constructor(readonly fail: (error: Error) => void) {}

  see(row: Row): void {
    this.#seenAt = performance.now();
    const difference = this.live.see(withoutSource(row));
    if (difference !== undefined) return this.fail(wrong([difference]));
    if (this.live.lag === 0) this.#complete?.();
    if (row.output === "late") this.late++;
    if (row.output === "activity" && (row.value as { pane: string }).pane === "late") this.latePanes++;
  }

  /** Resolves when everything that is expected has been seen. */
  complete(): Promise<void> {
    return new Promise((resolve) => {
      this.#complete = resolve;
      if (this.live.lag === 0) resolve();
    });
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

/** Input that is written in transactions holds control records, so nobody knows beforehand where an event will lie. */
function withoutSource({ source: _, ...row }: Row): Row {
  return row;
}

function wrong(differences: readonly Difference[]): Error {
  return new Error(`The results differ from the truth: ${describe(differences)}`);
}
