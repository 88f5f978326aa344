/** What happens to a job in a soak: everything in its turn, in an order and at moments that the seed gives. */
import type { Broker } from "../support/broker.ts";
import { systemClock } from "../../base/clock.ts";
import { pause } from "../../base/backoff.ts";
import { shuffled } from "../support/crash/random.ts";
import type { Weather, Workers } from "./workers.ts";

/** One of each round, some several times. */
const ROUND = [
  ...["kill one", "kill one", "kill one", "kill one", "kill both", "kill young", "kill young"] as const,
  ...["pause", "pause long", "replace", "kill broker", "stop broker"] as const,
];
/** The longest rest between two faults, in milliseconds. */
const REST = 1200;
/** A session of the group ends within 10 s: a worker that is stopped for longer has lost its tasks when it wakes. */
const LONG = 11_500;

/** How many of the last faults are remembered. */
const STORY = 12;

export type Fault = typeof ROUND[number];

/** What faults are done to. */
export interface Faulty {
  readonly broker: Broker;
  /** How many nodes it has. */
  readonly nodes: number;
  readonly weather: Weather;
  readonly workers: Workers;
  /** Ends it at once, in the middle of a round. */
  readonly halt: AbortSignal;
}

export class Faults {
  /** How often each was done. */
  readonly done: Readonly<Record<Fault, number>>;
  /** The last ones with their moments, to be told where something went wrong. */
  readonly story: string[] = [];
  readonly #faulty: Faulty;
  readonly #random: () => number;
  readonly #began = performance.now();

  constructor(random: () => number, faulty: Faulty) {
    this.#random = random;
    this.#faulty = faulty;
    this.done = Object.fromEntries(ROUND.map((fault) => [fault, 0])) as Record<Fault, number>;
  }

  /** Whole rounds of faults, at least one, until it is told to stop. */
  async run(stop: AbortSignal): Promise<void> {
    // A job is born where all brokers are there: its topics are to have as many replicas.
    await this.#faulty.workers.share();
    for (let round = 0; !stop.aborted; round++) {
      for (const fault of shuffled(ROUND, this.#random)) {
        if (this.#faulty.halt.aborted || round > 0 && stop.aborted) return;
        await this.#rest(REST);
        this.#note(fault);
        await this.#do(fault);
        (this.done as Record<Fault, number>)[fault]++;
      }
    }
  }

  /** SIGKILLs of workers. */
  get kills(): number {
    const { done } = this;
    return done["kill one"] + 2 * done["kill both"] + 2 * done["kill young"] + 2 * done.replace;
  }

  get pauses(): number {
    return this.done.pause + this.done["pause long"] + this.done.replace;
  }

  get brokerRestarts(): number {
    return this.done["kill broker"] + this.done["stop broker"];
  }

  async #do(fault: Fault): Promise<void> {
    const { broker, nodes, workers } = this.#faulty;
    const place = this.#random() < 0.5 ? 0 : 1;
    const node = Math.floor(this.#random() * nodes);
    switch (fault) {
      case "kill one":
        // What is wanted is a kill while both work, not one more while they start.
        await workers.share();
        await this.#rest(300);
        return await workers.kill([place]);
      case "kill both":
        return await workers.kill([0, 1]);
      case "kill young":
        await workers.kill([place]);
        await this.#rest(1000);
        return await workers.kill([place]);
      case "pause":
        return await workers.pause(place, this.#within(100, 1600));
      case "pause long":
        // It is to lose its tasks, so it must have some.
        await workers.share();
        return await workers.pause(place, this.#within(LONG, LONG + 2000));
      case "replace":
        await workers.share();
        return await workers.replace(place, {
          awake: this.#within(500, 3000),
          over: this.#within(200, 2200),
        });
      case "kill broker":
        return await this.#without(node, () => broker.kill(node));
      case "stop broker":
        return await this.#without(node, () => broker.stop(node));
    }
  }

  async #without(node: number, end: () => Promise<void>): Promise<void> {
    const { broker, weather } = this.#faulty;
    weather.awayUntil = Infinity;
    await end();
    await this.#rest(2000);
    await broker.start(node);
    this.#note("broker back");
    weather.awayUntil = performance.now();
  }

  #note(what: string): void {
    this.story.push(`${((performance.now() - this.#began) / 1000).toFixed(1)} s ${what}`);
    if (this.story.length > STORY) this.story.shift();
  }

  #rest(most: number): Promise<void> {
    return this.#within(0, most)();
  }

  /** A wait whose length is chosen now. */
  #within(least: number, most: number): () => Promise<void> {
    const ms = least + (most - least) * this.#random();
    return () => pause(systemClock, ms, this.#faulty.halt);
  }
}
