/**
 * Where the job runs: the interface that the embedded log and Kafka implement for this program.
 */
import type { Job } from "@tidemark/streams";
import type { Broker } from "./pipeline.ts";

/** A broker whose topics exist, and a state for the job. */
export interface Place extends AsyncDisposable {
  /** The name for messages. */
  readonly name: string;
  readonly broker: Broker;
  /** The `tasks` option of `run()`. */
  readonly tasks: "perPartition" | "single";
  /** The `state` option of `run()`. */
  readonly state: string | Deno.Kv;
  /**
   * Generates the input while the job runs, if the place has no other producer. Resolves when all is written, or when
   * the signal is aborted.
   */
  feed(job: Job, signal: AbortSignal): Promise<void>;
}
