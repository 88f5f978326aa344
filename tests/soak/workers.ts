/** Two workers of one job, which are killed and stopped, and started again under their names. */
import type { World } from "../support/crash/world.ts";
import type { JobProcess } from "../support/crash/process.ts";
import type { Mutant } from "../support/crash/phased_connector.ts";

/** The broker, as far as whoever starts workers has to know. */
export interface Weather {
  /** When it last came back, on the clock of `performance.now()`; `Infinity` while it is away. */
  awayUntil: number;
}

export class Workers {
  /** Workers that could not reach the broker when they were started, and were started once more. */
  startedAnew = 0;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #mutant: Mutant | undefined;
  readonly #fail: (error: Error) => void;
  readonly #live: JobProcess[] = [];
  readonly #doomed = new Set<JobProcess>();

  constructor(
    world: World,
    { weather, mutant, fail }: { weather: Weather; mutant: Mutant | undefined; fail: (error: Error) => void },
  ) {
    this.#world = world;
    this.#weather = weather;
    this.#mutant = mutant;
    this.#fail = fail;
    for (const place of [0, 1]) this.#start(place);
  }

  /** Resolves when each of them has tasks. */
  async share(): Promise<void> {
    await Promise.all(this.#live.map((worker) => worker.works()));
  }

  /** Kills them, and starts them again. */
  async kill(places: readonly number[]): Promise<void> {
    const killed = places.map((place) => this.#live[place]);
    await Promise.all(killed.map((worker) => this.#end(worker)));
    for (const place of places) this.#start(place);
  }

  /** Stops one for a while, and lets it go on: where that is long, the other one has its tasks by then. */
  async pause(place: number, ms: number): Promise<void> {
    const worker = this.#live[place];
    worker.pause();
    await new Promise((resolve) => setTimeout(resolve, ms));
    worker.goOn();
  }

  /** Stops one and starts a successor under its name at once; then it goes on, and believes that it is still the one. */
  async replace(place: number, { stopped, after }: { stopped: number; after: number }): Promise<void> {
    const old = this.#live[place];
    old.pause();
    this.#start(place);
    // The successor may have to wait for it: whoever is stopped in the middle of a write holds the lock of the state's file.
    await new Promise((resolve) => setTimeout(resolve, stopped));
    old.goOn();
    await new Promise((resolve) => setTimeout(resolve, after));
    await this.#end(old);
  }

  /** Ends both for good. */
  async end(): Promise<void> {
    await Promise.all(this.#live.map((worker) => this.#end(worker)));
  }

  #start(place: number): void {
    const began = performance.now();
    const worker = this.#live[place] = this.#world.start({ worker: `worker-${place}`, mutant: this.#mutant });
    worker.ended.then(({ signal }) => {
      if (signal === "SIGKILL" && this.#doomed.delete(worker)) return;
      // A worker that cannot reach the broker at its start says so and ends; whoever keeps workers starts it once more.
      const refused = !worker.said.includes("running") && began < this.#weather.awayUntil;
      if (!refused || this.#live[place] !== worker) return this.#fail(worker.failure("ended by itself"));
      this.startedAnew++;
      this.#start(place);
    });
  }

  async #end(worker: JobProcess): Promise<void> {
    this.#doomed.add(worker);
    worker.kill();
    await worker.ended;
  }
}
