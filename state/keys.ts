/**
 * The keys of a job's entries in the store.
 *
 * | key | value | |---|---| | `["job", job, "entry"]` | the job entry | | `["job", job, task, "head"]` | the head of a
 * task | | `["job", job, task, "bucket", era, state, bucket]` | the base of a bucket, or the place of its chunks;
 * changed only together with the head | | `["job", job, task, "late"]` | the newest values
 * that came too late, for those who show the job | | `["job", job, task, "dead"]` | the newest dead letters, for the same
 * | | `["job", job, "workers", worker]` | a worker that is there, and where its page is
 * | | `["job", job, "replayed", topic, id, partition, offset]` | that a dead
 * letter was sent again | | `["job", job, task, kind, fence, attempt, index]` | a chunk of a delta, of a
 * base, of an outbox or of rows |
 *
 * A chunk's key is never used twice: a fence is random, and an attempt is counted within it.
 *
 * @module
 */
import { utf8Bytes } from "../base/kv.ts";
import { JOB_NAME_BYTES } from "./limits.ts";
import type { StoreKey } from "./store.ts";

/** The kind of data that a chunk is part of. */
export type ChunkKind = "delta" | "base" | "outbox" | "rows";

/** The place of a chunk: kind, fence, attempt and index. */
export interface ChunkPlace {
  readonly kind: ChunkKind;
  readonly fence: string;
  readonly attempt: number;
  readonly index: number;
}

/** The keys of one task. */
export class TaskKeys {
  readonly head: StoreKey;
  readonly prefix: StoreKey;

  /**
   * @param job the job's name
   * @param task the task's number
   * @throws {RangeError} when the name is too long for a key
   */
  constructor(readonly job: string, readonly task: number) {
    checkJobName(job);
    this.prefix = ["job", job, task];
    this.head = ["job", job, task, "head"];
  }

  /** All chunks of a kind. */
  chunks(kind: ChunkKind): StoreKey {
    return ["job", this.job, this.task, kind];
  }

  /** All chunks of a kind that an owner wrote. */
  fence(kind: ChunkKind, fence: string): StoreKey {
    return ["job", this.job, this.task, kind, fence];
  }

  /** A key that sorts before all chunks of an attempt. */
  attempt(kind: ChunkKind, fence: string, attempt: number): StoreKey {
    return ["job", this.job, this.task, kind, fence, attempt];
  }

  chunk(place: ChunkPlace): StoreKey {
    return ["job", this.job, this.task, place.kind, place.fence, place.attempt, place.index];
  }

  /** All bases, of all eras. */
  get buckets(): StoreKey {
    return ["job", this.job, this.task, "bucket"];
  }

  /** The bases of one state. */
  bases(era: number, state: number): StoreKey {
    return ["job", this.job, this.task, "bucket", era, state];
  }

  bucket(era: number, state: number, bucket: number): StoreKey {
    return ["job", this.job, this.task, "bucket", era, state, bucket];
  }
}

/** The key of a job's entry. */
export function jobKey(job: string): StoreKey {
  checkJobName(job);
  return ["job", job, "entry"];
}

/** The prefix of the keys under which a job's workers say that they are there. */
export function workersKey(job: string): readonly (string | number)[] {
  return ["job", job, "workers"];
}

/**
 * The key of the mark of a dead letter that was sent again; without an offset, the prefix of all of a partition. `id`
 * differs between topics of one name.
 */
export function replayedKey(
  job: string,
  { topic, id = "" }: { readonly topic: string; readonly id: string | undefined },
  partition: number,
  offset?: number,
): readonly (string | number)[] {
  return ["job", job, "replayed", topic, id, partition, ...(offset === undefined ? [] : [offset])];
}

/** The key of the newest late values of a task. */
export function lateKey(job: string, task: number): readonly (string | number)[] {
  return ["job", job, task, "late"];
}

/** The key of the newest dead letters of a task. */
export function deadKey(job: string, task: number): readonly (string | number)[] {
  return ["job", job, task, "dead"];
}

function checkJobName(job: string): void {
  if (job === "") throw new RangeError("A job needs a name that is not empty");
  const bytes = utf8Bytes(job);
  if (bytes > JOB_NAME_BYTES) {
    throw new RangeError(`A job's name may have ${JOB_NAME_BYTES} bytes, "${job.slice(0, 40)}..." has ${bytes}`);
  }
}
