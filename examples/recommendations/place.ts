/**
 * Where the job runs: what the embedded log and Kafka are to the program.
 */
import type { Job } from "@tidemark/streams";
import type { Broker } from "./pipeline.ts";

/** A broker with its topics made, and a state to go with it. */
export interface Place extends AsyncDisposable {
  /** For people. */
  readonly name: string;
  readonly broker: Broker;
  /** What `run()` takes as its state. */
  readonly state: string | Deno.Kv;
  /** Brings the input while the job runs, where somebody has to. Ends when it has brought all, or on the signal. */
  feed(job: Job, signal: AbortSignal): Promise<void>;
}
