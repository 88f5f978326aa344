/**
 * The details of a job: one snapshot of plain data behind everything that shows a job.
 *
 * Times are milliseconds since 1970, durations and ages are milliseconds. All of them come from the clock of the worker
 * that made the snapshot. What is not known is `undefined`, never NaN or Infinity.
 *
 * @module
 */
import type { JobSentences } from "./job_sentences.ts";
import type { StageMetrics } from "./metrics.ts";
import type { EpochDetails, PublishDetails, RecentPercentiles } from "./recent.ts";
import type { WorkShares } from "./work_time.ts";

export type { EpochDetails, JobSentences, PublishDetails, RecentPercentiles, WorkShares };

/** What a job does, in a word. */
export type JobState = "running" | "catching up" | "waiting" | "stopped" | "finished";

/** Where the figures of a task come from. */
export type TaskSource =
  /** The memory of this worker. */
  | "live"
  /** The task's last commit: another worker owns it, or nobody. */
  | "committed"
  /** No worker has ever had the task. */
  | "none";

/** One task. */
export interface TaskDetails {
  /** The number of the task. */
  readonly task: number;
  /** Where its figures come from. */
  readonly source: TaskSource;
  /** The worker that owns the task, or had it last, if that is known. */
  readonly worker: string | undefined;
  /** Since when that worker has had it. */
  readonly since: number | undefined;
  /** When its last epoch was cut; before the first one, when it was claimed. */
  readonly at: number | undefined;
  /** Committed epochs since the first start of the job. */
  readonly epoch: number;
  /** The last epoch whose results are all visible, as far as it is known. */
  readonly visible: number;
  /** Input records since the first start of the job. */
  readonly records_in: number;
  /** Records that wait to be read; `undefined` until the first fetch of each partition, and for a task of another worker. */
  readonly lag: number | undefined;
  /** The lowest of its watermarks; `undefined` when one of them has none. */
  readonly watermark: number | undefined;
  /** Whether its input has ended, and all of it is processed. */
  readonly finished: boolean;
}

/** One input partition of a task, under one `watermark()`. */
export interface PartitionDetails {
  /** The number of the task. */
  readonly task: number;
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The next offset to process. */
  readonly position: number;
  /** The end of what may be read, as of the last fetch. */
  readonly end: number | undefined;
  /** How old `end` is. A partition that is paused is not fetched, so its end stands still. */
  readonly endAge: number | undefined;
  /** For how long there has been nothing to read. */
  readonly quietFor: number | undefined;
  /** How long the record at the head of the queue has waited since its own timestamp; 0 where nothing waits. */
  readonly lagTime: number | undefined;
  /** The own timestamp of the record that was processed last; `undefined` before the first one of this worker. */
  readonly lastTimestamp: number | undefined;
  /** Whether fetching is paused, because enough waits. */
  readonly paused: boolean;
  /** Its marks, one for each `watermark()` that reads it. */
  readonly marks: readonly MarkDetails[];
}

/** The watermark of one partition. */
export interface MarkDetails {
  /** The name of the `watermark()`. */
  readonly watermark: string;
  /** `undefined` before the first record. */
  readonly mark: number | undefined;
  /** The offset of the record that raised the mark last, if it is known. */
  readonly raisedBy: number | undefined;
  /** 99.9 % of its events were behind the latest one by no more than this, as far as this worker has read. */
  readonly disorder: number | undefined;
  /** Whether it is idle, and so holds nothing back. */
  readonly idle: boolean;
  /** Whether it is the one that holds the watermark of its task. */
  readonly holds: boolean;
}

/** One `watermark()`, over all tasks. */
export interface WatermarkDetails {
  /** The name of the `watermark()`. */
  readonly name: string;
  /** The lowest watermark of the tasks that have one. */
  readonly watermark: number | undefined;
  /** In how many tasks it is at the beginning of time. */
  readonly without: number;
  /** Over how many tasks. */
  readonly tasks: number;
  /** How far the wall clock is ahead of it. */
  readonly lag: number | undefined;
  /** The part of `lag` that is by design; `undefined` where the watermarks are read from the data, and where no task is live. */
  readonly bound: number | undefined;
  /** `"never"`: a quiet partition holds time back for ever. */
  readonly idleAfter: number | "never" | undefined;
  /** The highest less the lowest mark of its partitions. */
  readonly spread: number | undefined;
  /** How far events are out of order in their partitions; `undefined` before this worker has looked at some. */
  readonly disorder: DisorderDetails | undefined;
  /** Which partition holds it where it is, in a sentence. */
  readonly sentence: string;
}

/** How far events are behind the latest one of their partition. One value in sixteen is looked at, by each worker. */
export interface DisorderDetails {
  /** How many values were looked at. */
  readonly samples: number;
  /** Half of them were behind by no more than this, in milliseconds. */
  readonly half: number;
  /** 99.9 % of them: as `maxOutOfOrderness` it would keep these in time. */
  readonly most: number;
  /** The most that one was behind. */
  readonly all: number;
  /** What part of them was behind by more than `maxOutOfOrderness`, from 0 to 1, within a tenth of the bound. */
  readonly beyond: number | undefined;
  /** What to do about the bound, in a sentence, where another one is better. It needs 1000 values. */
  readonly advice: string | undefined;
}

/** A key that at least one record in 32 of its partition has. */
export interface HotKeyDetails {
  /** The key as text, or in hexadecimal digits where it is no text, in at most 60 characters. */
  readonly key: string;
  /** The task. */
  readonly task: number;
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** What part of the partition's records has it at least, from 0 to 1; one record in 64 is looked at. */
  readonly share: number;
  /** All of it in a sentence. */
  readonly sentence: string;
}

/** A stage that keeps state, over the tasks of this worker. */
export interface StageDetails extends StageMetrics {
  /** Windows or timers that wait for the watermark. */
  readonly waiting: number;
  /** The watermark at which the next of them fires. */
  readonly next: number | undefined;
  /**
   * What would have kept its late values, since this worker took its tasks; `undefined` where there are none, or where
   * the watermarks are read from the data.
   */
  readonly keptBy: KeptBy | undefined;
}

/** The `maxOutOfOrderness` with which fewer values would have been late, in milliseconds. */
export interface KeptBy {
  /** With this bound all of them would have been in time. */
  readonly all: number;
  /** With this one, 99.9 % of all values. */
  readonly most: number;
  /** Both in a sentence. */
  readonly sentence: string;
}

/** A value that came too late. */
export interface LateRecord {
  /** The stage for which it was late. */
  readonly stage: string;
  /** The task. */
  readonly task: number;
  /** The topic of its record. */
  readonly topic: string;
  /** The partition of its record. */
  readonly partition: number;
  /** The offset of its record. */
  readonly offset: number;
  /** Its event time. */
  readonly eventTime: number;
  /** The last of the windows that would have taken it. */
  readonly window: { readonly start: number; readonly end: number } | undefined;
  /** How far the watermark was past the time until which it would have been taken. */
  readonly lateness: number;
  /** The record that had closed its window, if it is known. */
  readonly closedBy: ClosedBy | undefined;
  /** All of it in a sentence. */
  readonly sentence: string;
}

/** A record, or the result of a window or timer, that went to a dead-letter sink. */
export interface DeadLetterSample {
  /** The task. */
  readonly task: number;
  /** The topic of the record; `undefined` for the result of a window or timer. */
  readonly topic: string | undefined;
  /** Its partition. */
  readonly partition: number | undefined;
  /** Its offset. */
  readonly offset: number | undefined;
  /** When it was refused. */
  readonly at: number;
  /** The stage that refused it; empty where none did. */
  readonly stage: string;
  /** Why, in at most 160 characters. The dead letter has all of it in its header `tidemark.reason`. */
  readonly reason: string;
  /** The topic to which its copy went. */
  readonly to: string;
  /** All of it in a sentence. */
  readonly sentence: string;
}

/** The record that closed a window. */
export interface ClosedBy {
  /** Its topic. */
  readonly topic: string;
  /** Its partition. */
  readonly partition: number;
  /** Its offset. */
  readonly offset: number;
  /** Its event time. */
  readonly eventTime: number;
  /** How long before the late record it came, by their own timestamps. */
  readonly before: number;
}

/** A worker of a job, as it says of itself. */
export interface WorkerDetails {
  /** Its name; `undefined` when it has none. */
  readonly name: string | undefined;
  /** Since when it runs. */
  readonly since: number;
  /** When it was seen last: a worker that runs says every three seconds that it is there. */
  readonly at: number;
  /** The version of this package that it runs. */
  readonly version: string;
  /** The address of its page, where it has one. */
  readonly page: string | undefined;
}

/** A job at one moment. */
export interface JobDetails {
  /** The job's name. */
  readonly job: string;
  /** When the snapshot was made. */
  readonly at: number;
  /** The name of the worker that made it, if it has one. */
  readonly worker: string | undefined;
  /** The workers that are there, or were within the last minute; this one first, then those seen last. */
  readonly workers: readonly WorkerDetails[];
  /** What it does, in a word. */
  readonly state: JobState;
  /** How it is, in sentences. */
  readonly sentences: JobSentences;
  /** Everything that the job waits for at this moment. */
  readonly trouble: string | undefined;
  /** Since when it waits for the first of that; `undefined` when it waits for nothing. */
  readonly waitsSince: number | undefined;
  /** Why it stopped. */
  readonly failure: string | undefined;
  /** How many tasks the job has. */
  readonly taskCount: number;
  /** Input records since the first start of the job, over all tasks. */
  readonly records_in: number;
  /** Input records of this worker per second, over the last five seconds. */
  readonly records_per_second: number;
  /** Results by topic, over all tasks. */
  readonly outputs: Readonly<Record<string, number>>;
  /** Records that came too late, over all tasks. */
  readonly late: number;
  /** Records and results that went to a dead-letter sink, over all tasks. */
  readonly dead_letters: number;
  /** Committed results that the broker refused for good, over all tasks. */
  readonly unpublishable: number;
  /** Records that were gone before they could be read, over all tasks. */
  readonly missing: number;
  /** Committed epochs, over all tasks. */
  readonly epochs: number;
  /** Records that wait to be read by this worker; `undefined` until the first fetch of each partition. */
  readonly lag: number | undefined;
  /** The longest `lagTime` of its partitions. */
  readonly lagTime: number | undefined;
  /** Committed epochs whose results are not visible yet, and their bytes. */
  readonly waiting: { readonly epochs: number; readonly bytes: number };
  /** How long a commit of this worker takes, in milliseconds. These and the next two are of the last one to two minutes. */
  readonly commit_ms: RecentPercentiles;
  /** From a record's own timestamp until its results are visible, in milliseconds. */
  readonly latency_ms: RecentPercentiles;
  /** How long a transaction with results takes, in milliseconds. */
  readonly publish_ms: RecentPercentiles;
  /** The newest commits of this worker, the newest first, at most 24; `job.epochs()` has more. */
  readonly recentEpochs: readonly EpochDetails[];
  /** What this worker's time goes to, and so what limits it; `undefined` in its first half second. */
  readonly time: WorkShares | undefined;
  /**
   * Values that have entered each node of `job.topology` in this worker since it was started, by the node's id; for a
   * source those that it gave. Values that are processed again count again. Empty without a worker.
   */
  readonly entered: Readonly<Record<string, number>>;
  /** The sequence number of the newest event of this worker in `job.events`; 0 without a worker. */
  readonly lastEvent: number;
  /** Every `watermark()`. */
  readonly watermarks: readonly WatermarkDetails[];
  /** The stages that keep state. */
  readonly stages: readonly StageDetails[];
  /** The tasks; of more than 32 those with the most lag, the most first, as many as fit into about 5 KB of JSON. */
  readonly tasks: readonly TaskDetails[];
  /** Input partitions; of more than 32 those with the most lag, the most first, as many as fit into about 8 KB of JSON. */
  readonly partitions: readonly PartitionDetails[];
  /** The newest values that came too late, over all tasks, the newest first, at most 10. */
  readonly lateRecords: readonly LateRecord[];
  /** The newest dead letters, over all tasks, the newest first, at most 20 in 4 KB; at most 10 a second of a task. */
  readonly deadLetters: readonly DeadLetterSample[];
  /** Keys that come often in the partitions of this worker, those with the largest share first, at most 10. */
  readonly hotKeys: readonly HotKeyDetails[];
  /** How many tasks and partitions were left out, to keep the snapshot small. */
  readonly leftOut: { readonly tasks: number; readonly partitions: number };
}

/** Why a result has not come. */
export type Reason =
  /** A partition has had no record at all, and holds all time back. */
  | "nothing read yet"
  /** A partition has had nothing for a while, and never becomes idle. */
  | "quiet"
  /** The same, but it becomes idle. */
  | "soon idle"
  /** Records wait to be read. */
  | "behind"
  /** The wall clock has not reached the time at which the result can come. */
  | "not its time"
  /** Reading is paused, or a stage holds a value. */
  | "held back"
  /** The task is with another worker, or with none, or waits for one that is. */
  | "elsewhere"
  /** One of several inputs of a stage is behind the others. */
  | "other side"
  /** The latest event is from before 1973: its time is most likely in seconds. */
  | "early time"
  /** A record has moved time far ahead, and what follows is late. */
  | "too far ahead"
  /** The job has failed. */
  | "stopped";

/** The partition that holds a result back. */
export interface HolderDetails {
  /** The topic. */
  readonly topic: string;
  /** The partition. */
  readonly partition: number;
  /** The event time of its latest event, as its mark tells. */
  readonly lastEvent: number | undefined;
  /** The offset of the record that raised its mark last. */
  readonly raisedBy: number | undefined;
}

/** Why a result of a stage has not come. */
export interface Explanation {
  /** The stage's name, or its operator where it has none; `undefined` where all of the job waits. */
  readonly stage: string | undefined;
  /** Its operator: `tumblingWindow`. */
  readonly operator: string;
  /** The task that waits; `undefined` where the job as a whole does. */
  readonly task: number | undefined;
  /** The reason. */
  readonly reason: Reason;
  /** Where the reason is `other side`: the reason of that side. */
  readonly sideReason: Reason | undefined;
  /** The window that waits; `undefined` for a timer. */
  readonly window: { readonly start: number; readonly end: number } | undefined;
  /** How many windows or timers wait. */
  readonly waiting: number;
  /** The watermark of the stage; `undefined` before the first. */
  readonly watermark: number | undefined;
  /** An event at or after this event time, in the holder, lets the result come. */
  readonly needs: number | undefined;
  /** The partition that holds it back, where one does. */
  readonly holder: HolderDetails | undefined;
  /** When the result is expected, if that is known. */
  readonly moment: number | undefined;
  /** What to do; `undefined` when there is nothing to do but wait. */
  readonly cure: string | undefined;
  /** All of it in a sentence. */
  readonly sentence: string;
}
