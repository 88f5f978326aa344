/**
 * Runs in which a person resets the job: everybody is stopped, and a worker is started with `reset`, or all of them are.
 * Faults go on meanwhile. The job must be reset once, and afterwards everything must be there once more, exactly once.
 *
 * @module
 */
import { scenarioOf } from "./draws.ts";
import type { Fault } from "./faults.ts";
import type { Heads } from "./heads.ts";
import type { KafkaWorld } from "./kafka/world.ts";
import { JOB } from "./pipelines.ts";
import { diceOf, type Scenario } from "./scenario.ts";
import type { Trace } from "./trace.ts";
import type { SimWorker } from "./worker.ts";

/** What a worker is told that was started with `reset` beside others. */
const NOT_ALONE = /so all of its tasks must be reset together, and other workers have some of them/;

/** The families of which such a run may have some: those with hops. */
const FAMILIES = ["places", "stays", "trips"];

/** Faults of the world that leave the input and the outputs as they are. */
const HARMLESS: ReadonlySet<string> = new Set(["down", "load", "jump", "move", "stop", "kill"]);

/** Draws a run with a reset. */
export function resetScenarioOf(seed: number): Scenario {
  const drawn = scenarioOf(seed);
  const { chance, whole } = diceOf(seed ^ 0x2e5e7);
  const families = FAMILIES.filter(() => chance(0.5));
  const faults = drawn.faults.filter(({ on, act }) => on === "call" || HARMLESS.has(act.do));
  const more = Array.from({ length: whole(0, 3) }, (): Fault => {
    const act = chance(0.7)
      ? { do: "kill", when: chance(0.5) ? "asking" : "answered", restart: whole(10, 600), late: 0 } as const
      : { do: "pause", when: "asking", ms: whole(9000, 16_000) } as const;
    return { on: "call", worker: whole(0, drawn.workers - 1), target: "step", nth: whole(1, 1500), act };
  });
  const act = { do: "reset", restart: whole(0, 1000), together: chance(0.4) } as const;
  return {
    ...drawn,
    tasks: "perPartition",
    families: families.length > 0 ? families : [FAMILIES[whole(0, 2)]],
    counts: drawn.counts === undefined ? undefined : "every",
    faults: [...faults, ...more, { on: "time", at: whole(200, 4000), act }],
  };
}

/** What a reset needs of the world. */
export interface ResetParts {
  readonly workers: () => readonly SimWorker[];
  readonly heads: () => Heads;
  readonly kafka: KafkaWorld;
  readonly trace: Trace;
  readonly pass: (ms: number) => Promise<void>;
}

/** The person who resets the job. */
export class Resets {
  /** The run that is to be reset, while that is not done. */
  #since: string | undefined;
  #together = false;

  constructor(readonly parts: ResetParts) {}

  /** Whether a worker is started with `reset`: the first one, or all of them, until the job has been reset. */
  asks(slot: number): boolean {
    return this.#since !== undefined && this.parts.heads().run === this.#since && (this.#together || slot === 0);
  }

  /** Stops everybody, and starts the job with `reset`. Resolves when the job has been reset. */
  async happen({ restart, together }: { readonly restart: number; readonly together: boolean }): Promise<void> {
    const { workers, heads, kafka, pass } = this.parts;
    for (const worker of workers()) worker.hold();
    while (kafka.groupMembers(JOB).length > 0 || kafka.openTransactions().length > 0) await pass(100);
    await pass(restart);
    this.#together = together;
    this.#since = heads().run;
    heads().shownIsAnybodys = true;
    heads().onReset = () => this.#takeBack();
    const [first, ...others] = workers();
    first.startAnew();
    if (!together) await pass(restart);
    for (const worker of others) worker.startAnew();
    // A job that was never started has nothing to reset.
    while (this.#since !== undefined && heads().run === this.#since) await pass(50);
    for (const worker of workers()) worker.startAnew();
  }

  /**
   * The reset has begun. A worker that was started with reset and has not read a thing of the job yet would take the new run for
   * the one that it is to reset. The person starts it again, without reset.
   */
  #takeBack(): void {
    for (const worker of this.parts.workers()) if (worker.process?.knowsJob === false) worker.kill(0);
  }

  /** Whether a worker rightly ended because it was not alone. The others then wait until it has reset the job. */
  explains({ message }: Error, name: string): boolean {
    if (!NOT_ALONE.test(message)) return false;
    const { workers, trace, heads } = this.parts;
    // Another one has reset the job meanwhile. It is started again without reset.
    if (heads().run !== this.#since) return true;
    for (const worker of workers()) {
      if (worker.process?.name !== name) worker.hold();
      else trace.add("world", `${name} is started again alone`);
    }
    return true;
  }
}
