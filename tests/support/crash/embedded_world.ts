/** The crash job on the embedded log, in a file. */
import { headerOf } from "../../../connectors/headers.ts";
import { type EmbeddedLog, embeddedLog } from "@tidemark/streams";
import type { ChildOptions } from "./child.ts";
import { readRow } from "./read_row.ts";
import { OUTPUTS, Rows } from "./rows.ts";
import { eventAt } from "./traffic.ts";
import { type StartOptions, World } from "./world.ts";
import type { JobProcess } from "./process.ts";

const TOPICS = { input: "events", counts: "counts", activity: "activity", late: "late" };

/** What the world is made of. */
export interface EmbeddedPlace {
  readonly seed: number;
  readonly partitions: number;
  /** More options for the job's process. */
  readonly child?: Partial<ChildOptions>;
}

export class EmbeddedWorld extends World {
  readonly base: ChildOptions;
  readonly #folder: string;
  #feed: ChildOptions["feed"];

  private constructor({ seed, partitions, child }: EmbeddedPlace, folder: string) {
    super(seed, partitions);
    this.#folder = folder;
    this.base = { job: "crash", state: `${folder}/state.db`, topics: TOPICS, ...child };
  }

  static async create(place: EmbeddedPlace): Promise<EmbeddedWorld> {
    const { partitions } = place;
    const world = new EmbeddedWorld(place, await Deno.makeTempDir({ prefix: "tidemark-crash-" }));
    await world.#with(async (log) => {
      for (const topic of Object.values(TOPICS)) await log.create(topic, { partitions });
    });
    return world;
  }

  append(count: number): Promise<void> {
    return this.#with(async (log) => {
      const bounds = await log.bounds(TOPICS.input);
      await log.append(
        TOPICS.input,
        bounds.flatMap(({ latest }, partition) =>
          Array.from({ length: count }, (_, step) => {
            const event = eventAt(this.seed, partition, latest + step);
            return { partition, key: event.user_id, value: event };
          })
        ),
      );
    });
  }

  /** The log allows one process, so the job's own process writes the input, and stops when it dies. */
  flow(rate: number): void {
    this.#feed = { seed: this.seed, rate };
  }

  still(): Promise<void> {
    this.#feed = undefined;
    return Promise.resolve();
  }

  override start(options: StartOptions = {}): JobProcess {
    return super.start({ feed: this.#feed, ...options });
  }

  async end(options: StartOptions = {}): Promise<void> {
    await this.#with((log) => log.end(TOPICS.input));
    await this.start(options).finished();
  }

  seen(): Promise<Rows> {
    return this.#with(async (log) => {
      const rows = new Rows();
      for (const output of OUTPUTS) {
        for await (const { key, value, headers } of log.read(TOPICS[output])) {
          rows.add(readRow(output, { key, value, header: (name) => headerOf(headers, name) }));
        }
      }
      return rows;
    });
  }

  lengths(): Promise<number[]> {
    return this.#with(async (log) => (await log.bounds(TOPICS.input)).map(({ latest }) => latest));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Opens the log while no process of the job runs. */
  async #with<T>(use: (log: EmbeddedLog) => Promise<T>): Promise<T> {
    const kv = await Deno.openKv(this.base.state);
    try {
      return await use(embeddedLog(kv));
    } finally {
      kv.close();
    }
  }
}
