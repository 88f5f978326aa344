/**
 * What a running job consists of.
 *
 * @module
 */
import type { Patience, Store } from "../state/mod.ts";
import type { Claimed } from "./claim_worker.ts";
import type { OpenJob } from "./opening.ts";
import type { Settings } from "./options.ts";
import type { Plan } from "./plan.ts";
import type { Troubles } from "./troubles.ts";

/** Everything that a job has when it begins to read. */
export interface JobParts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly store: Store;
  readonly open: OpenJob;
  readonly claimed: Claimed;
  readonly patience: Patience;
  readonly troubles: Troubles;
  /** Aborted when the job no longer waits for the store. */
  readonly stopping: AbortController;
}
