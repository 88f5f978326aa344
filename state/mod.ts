/**
 * The exports of this folder for the rest of the package: stores, keyed state and the checkpoint. The public exports
 * are in `public.ts`.
 *
 * @module
 */
export { TaskCheckpoint } from "./checkpoint.ts";
export type { Claim, ClaimOptions, CutRequest, RestoreReport } from "./checkpoint.ts";
export { decode, encode } from "./codec.ts";
export { commitCuts } from "./commit.ts";
export type { CommitReport } from "./commit.ts";
export type { Cut, CutOutcome } from "./cut.ts";
export type { HeadChange } from "./decide.ts";
export { DurableStates } from "./durable_state.ts";
export type { DurableStatesOptions, ReadonlyKeyedState } from "./durable_state.ts";
export { CorruptError, FencedError, UnavailableError } from "./errors.ts";
export type {
  AttemptId,
  Clocks,
  ClockSnapshot,
  Counters,
  DeltaRange,
  Head,
  HeadEntry,
  Offsets,
  OutboxEntry,
  StateEntry,
  Told,
  Unsafe,
} from "./head.ts";
export { hasInvisible } from "./head.ts";
export { assertHeadFits } from "./head_size.ts";
export type { HeadShape } from "./head_size.ts";
export { changeJob, openJob, readJob } from "./job_entry.ts";
export { replayedKey } from "./keys.ts";
export type { HopEntry, JobDifference, JobShape, OpenedJob, ResetFrom, ResetOffsets } from "./job_entry.ts";
export { KvStore } from "./kv_store.ts";
export { listJobs } from "./list_jobs.ts";
export { MemoryStore } from "./memory_store.ts";
export type { OutputRecord } from "./outbox.ts";
export { readHead } from "./read_head.ts";
export { readState } from "./read_state.ts";
export type { Patience } from "./retry.ts";
export { SharedTables } from "./shared_rows.ts";
export type { AtomicResult, AtomicWrites, Check, Mutation, Store, StoreEntry, StoreKey } from "./store.ts";
