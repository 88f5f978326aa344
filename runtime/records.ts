/**
 * The records of a job's topics, and its dead letters, for those who look at the job.
 *
 * @module
 */

/** Where a record lies. */
export interface RecordPlace {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The offset. */
  readonly offset: number;
}

/** A record as it lies in its topic. */
export interface StoredRecord extends RecordPlace {
  /** Its timestamp, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Its key, as bytes; `null` when it has none. */
  readonly key: Uint8Array | null;
  /** Its value, as bytes; `null` for a tombstone. */
  readonly value: Uint8Array | null;
  /** Its headers; a name may occur several times. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

/** That a dead letter was sent again. */
export interface Replayed {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** The topic and partition that it was sent to: `events/2`. */
  readonly to: string;
  /** `begun`: the process died in between, so it is not known whether the record was written. */
  readonly state: "begun" | "done";
}

/** A dead letter, without its content. */
export interface DeadLetterRecord extends RecordPlace {
  /** Its timestamp, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Why it was refused. */
  readonly reason: string;
  /** The stage that refused it, if a stage did. */
  readonly stage: string | undefined;
  /** Where its record was read: `events/2@4711`. */
  readonly source: string | undefined;
  /** The dead letter that was sent again and became this one. */
  readonly replayOf: string | undefined;
  /** Whether it was sent again. */
  readonly replayed: Replayed | undefined;
}

/** The dead letters of a topic. */
export interface DeadLetters {
  /** The newest first. */
  readonly letters: readonly DeadLetterRecord[];
  /** How many records were looked at. */
  readonly scanned: number;
  /** Whether those were all of the topic. */
  readonly complete: boolean;
}

/** What became of a replay. */
export interface ReplayedOne {
  /** The topic and partition that the record was sent to: `events/2`. */
  readonly to: string;
  /** How often it is there. */
  readonly once: "always" | "unless the process dies in between";
  /** All of it in a sentence. */
  readonly sentence: string;
}

/** What became of one step of a replay of many. */
export interface ReplayedStep {
  /** How many were sent again. */
  readonly replayed: number;
  /** How many had been sent again before, or have no record that could be. */
  readonly skipped: number;
  /** To be given to the next step; `undefined` when there is nothing more to do. */
  readonly next: string | undefined;
  /** A record that was sent again and became a dead letter again. Nothing more was sent then. */
  readonly diedAgain: DeadLetterRecord | undefined;
  /** All of it in a sentence. */
  readonly sentence: string;
}

/** A dead letter that cannot be sent again. The message says why. */
export class ReplayError extends Error {
  /** The name of the error class. */
  override name = "ReplayError";
}

/** The records of a job's topics. Only topics that the job reads or writes can be looked at. */
export interface JobRecords {
  /** The topics that dead letters go to. */
  readonly letterTopics: readonly string[];
  /**
   * Reads one record.
   *
   * @returns the record, or `undefined` when there is none at this offset
   * @throws {RangeError} when the job neither reads nor writes the topic, or it has no such partition
   */
  read(place: RecordPlace): Promise<StoredRecord | undefined>;
  /**
   * The dead letters among the newest records of a topic.
   *
   * @param most how many records are looked at. @default 10,000
   * @throws {RangeError} when the job neither reads nor writes the topic
   */
  letters(topic: string, most?: number): Promise<DeadLetters>;
  /** Whether a dead letter was sent again. */
  replayed(place: RecordPlace): Promise<Replayed | undefined>;
  /**
   * Sends the record of a dead letter to the topic that it came from again, with the header `tidemark.replayed` that
   * names the letter. A letter is sent once: on the embedded log for certain, elsewhere unless the process dies between
   * the record and the mark.
   *
   * @param options `again`: also when an earlier try died in between, so that it may be there twice. @default false
   * @throws {ReplayError} when it was sent before, or is no dead letter with a record that could be sent
   * @throws {RangeError} when the job neither reads nor writes the topic, or has no record there
   */
  replay(place: RecordPlace, options?: { readonly again?: boolean }): Promise<ReplayedOne>;
  /**
   * Sends the records of dead letters with one reason again: at most 100, and none after one that has become a dead
   * letter again. To be called with `next` until there is none.
   *
   * @throws {RangeError} when the job neither reads nor writes the topic, or `next` is not what a step has given
   */
  replayAll(letters: ReplayedReason): Promise<ReplayedStep>;
}

/** Which dead letters to send again. */
export interface ReplayedReason {
  /** Their topic. */
  readonly topic: string;
  /** Their reason, word for word. */
  readonly reason: string;
  /** What the step before has given. @default this is the first step */
  readonly next?: string;
}
