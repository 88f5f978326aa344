/** Two workers of one job, which are killed and stopped, and started again under their names. */
import type { World } from "../support/crash/world.ts";
import type { JobProcess } from "../support/crash/process.ts";
import type { Mutant } from "../support/crash/phased_connector.ts";

/** The broker, as far as whoever starts workers has to know. */
export interface Weather {
  /** When it last came back, on the clock of `performance.now()`; `Infinity` while it is away. */
  awayUntil: number;
}

/** How long a broker that came back may still be finding its partitions' leaders, in milliseconds. */
const SETTLING = 20_000;

export class Workers {
  /** Workers that could not reach the broker when they were started, and were started once more. */
  startedAnew = 0;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #mutant: Mutant | undefined;
  readonly #fail: (error: Error) => void;
  readonly #live: JobProcess[] = [];
  readonly #doomed = new Set<JobProcess>();
  #closed = false;

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
    await Promise.all([0, 1].map((place) => this.#works(place)));
  }

  /** Kills them, and starts them again. */
  async kill(places: readonly number[]): Promise<void> {
    const killed = places.map((place) => this.#live[place]);
    await Promise.all(killed.map((worker) => this.#end(worker)));
    for (const place of places) this.#start(place);
  }

  /** Stops one until then, and lets it go on: where that takes long, the other one has its tasks meanwhile. */
  async pause(place: number, until: () => Promise<void>): Promise<void> {
    const worker = this.#live[place];
    worker.pause();
    await until();
    worker.goOn();
  }

  /** Stops one and starts a successor under its name at once; then it goes on, and believes that it is still the one. */
  async replace(place: number, { awake, over }: Record<"awake" | "over", () => Promise<void>>): Promise<void> {
    const old = this.#live[place];
    old.pause();
    this.#start(place);
    // The successor may have to wait for it: whoever is stopped in the middle of a write holds the lock of the state's file.
    await awake();
    old.goOn();
    await over();
    // Two that live under one name may be taken for each other by the group, which then answers only one of them.
    await Promise.all([this.#end(old), this.kill([place])]);
  }

  /** What the two of them have said of late, for people. */
  get lastWords(): string {
    return this.#live.map((worker) => worker.failure(worker.over ? "has ended" : "is there").message).join("\n");
  }

  /** Ends all of them for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#world.processes.map((worker) => worker.remove()));
  }

  #start(place: number): void {
    if (this.#closed) return;
    const began = performance.now();
    const worker = this.#live[place] = this.#world.start({ worker: `worker-${place}`, mutant: this.#mutant });
    worker.ended.then(({ signal }) => {
      if (this.#closed || signal === "SIGKILL" && this.#doomed.delete(worker)) return;
      // A worker that cannot use the broker at its start says so and ends; whoever keeps workers starts it once more.
      const failure = worker.failure("ended by itself");
      const refused = !worker.said.includes("running") && failure.message.includes("UnavailableError") &&
        began < this.#weather.awayUntil + SETTLING;
      if (!refused || this.#live[place] !== worker) return this.#fail(failure);
      this.startedAnew++;
      this.#start(place);
    });
  }

  /** Resolves when the one at that place has tasks, though it may have to be started anew before it has. */
  async #works(place: number): Promise<void> {
    for (;;) {
      const worker = this.#live[place];
      try {
        return await worker.works();
      } catch (error) {
        if (!worker.over) throw error;
        await worker.ended;
        if (this.#live[place] === worker) throw error;
      }
    }
  }

  async #end(worker: JobProcess): Promise<void> {
    this.#doomed.add(worker);
    worker.kill();
    await worker.ended;
  }
}
