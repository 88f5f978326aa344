/** Reads the results of a job as a `read_committed` consumer, for the probes. */
import type { InputRecord } from "../../connectors/connector.ts";
import { decodePartition } from "../../connectors/kafka/record_batch_decode.ts";
import { clock } from "./child.ts";
import { PARTITIONS } from "./events.ts";
import { RawBroker } from "./raw_broker.ts";

/** How long a broker may delay an empty fetch, in milliseconds. */
const WAIT = 100;

/** Reads a topic from its beginning. */
export class ResultsReader implements AsyncDisposable {
  /** How many fetches there were. */
  fetches = 0;
  readonly #places: { readonly topic: string; readonly partition: number; offset: number }[];

  private constructor(readonly connection: RawBroker, topic: string) {
    this.#places = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  }

  /** Connects to a broker. */
  static async open(broker: string, topic: string): Promise<ResultsReader> {
    return new ResultsReader(await RawBroker.connect(broker), topic);
  }

  /** The results of the next fetch, and when they came. */
  async next(): Promise<{ readonly records: readonly InputRecord[]; readonly at: number }> {
    const fetched = await this.connection.fetch(this.#places, WAIT);
    const at = clock();
    this.fetches++;
    const records = fetched.flatMap((one) => {
      const { records, position } = decodePartition(one, this.#places[one.partition].offset);
      this.#places[one.partition].offset = position;
      return [...records];
    });
    return { records, at };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }
}
