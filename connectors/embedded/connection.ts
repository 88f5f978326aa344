/**
 * The connection to an embedded log that the runtime opens for one job.
 *
 * @module
 */

import { type LocalLog, type LocalReader, startLocalReader } from "../local/reader.ts";
import type {
  Appending,
  Bounds,
  Connection,
  ConnectionContext,
  From,
  InCommit,
  OutputRecord,
  Reader,
  ReaderHandler,
  ReaderOptions,
  RecordsRead,
  ShownOffset,
  StartOffset,
  TopicInfo,
} from "../connector.ts";
import { fetchRecords, startOffsets } from "./fetch.ts";
import { MAX_RECORD_BYTES } from "../local/limits.ts";
import type { EmbeddedTopics, PartitionState, TopicState } from "./topics.ts";
import { deleteBefore } from "./retention.ts";
import type { LogWriter, StagingOwner } from "./writer.ts";
import { keyPartition } from "../partitioner.ts";
import { RecordRows } from "../record_rows.ts";

type FromOffset = Pick<StartOffset, "topic" | "partition" | "offset">;

/** A log and its writer. */
export interface EmbeddedCore {
  readonly topics: EmbeddedTopics;
  readonly writer: LogWriter;
}

/** A log as readers in this process read it. */
export function localView(topics: EmbeddedTopics): LocalLog {
  return {
    partitions: (topic) => topics.find(topic)?.partitions.length,
    bounds: (topic, partition) => boundsOf(topics.get(topic).partitions[partition]),
    ended: (topic) => topics.get(topic).ended,
    fetch: (name, partition, from) => {
      const topic = topics.get(name);
      return fetchRecords(topics, { topic, partition: topic.partitions[partition], from });
    },
    watch: (listener) => topics.watch(listener),
  };
}

/** The connection of one job. */
export class EmbeddedConnection implements Connection {
  readonly delivery: InCommit<OutputRecord>;
  readonly #core: EmbeddedCore;
  readonly #owner: StagingOwner;
  readonly #local: LocalLog;
  readonly #after: ConnectionContext["after"];
  readonly #readers = new Set<LocalReader>();
  readonly appendsWithState = true;

  constructor(core: EmbeddedCore, { job, after }: Pick<ConnectionContext, "job" | "after">) {
    this.#core = core;
    this.#owner = { job };
    this.#after = after;
    this.#local = localView(core.topics);
    this.delivery = {
      kind: "inCommit",
      encoder: (context) => new RecordRows(context),
      stage: (rows) => core.writer.stage(this.#owner, rows),
      committed: () => core.writer.committed(this.#owner),
    };
  }

  topic(name: string): Promise<TopicInfo | undefined> {
    const topic = this.#core.topics.find(name);
    if (topic === undefined) return Promise.resolve(undefined);
    const partitions = topic.partitions.length;
    return Promise.resolve({
      partitions,
      maxRecordBytes: MAX_RECORD_BYTES,
      maxTimestampAhead: Infinity,
      partitionOf: (key) => keyPartition(key, partitions),
    });
  }

  createTopic(topic: string, partitions: number, { transient = false } = {}): Promise<void> {
    const retentionBytes = transient ? Number.MAX_SAFE_INTEGER : undefined;
    return this.#core.writer.exclusive(() => this.#core.topics.create(topic, { partitions, retentionBytes }));
  }

  deleteBefore(topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    return deleteBefore(this.#core.topics, this.#core.topics.get(topic), offsets);
  }

  // deno-lint-ignore require-await -- a promise that rejects where the topic is missing
  async bounds(topic: string): Promise<readonly Bounds[]> {
    return this.#core.topics.get(topic).partitions.map(boundsOf);
  }

  offsets(name: string, from: From): Promise<readonly number[]> {
    return startOffsets(this.#core.topics, name, from);
  }

  /** A job's offsets are in its checkpoint only, so nobody can have reset them in a group. */
  shown(): Promise<ReadonlyMap<number, ShownOffset>> {
    return Promise.resolve(new Map());
  }

  async read({ topic: name, partition, offset }: FromOffset, most: number): Promise<RecordsRead> {
    const topic = this.#core.topics.get(name);
    const place = partitionOf(topic, partition);
    const from = Math.max(offset, place.first);
    const records = (await fetchRecords(this.#core.topics, { topic, partition: place, from }))
      .filter((record) => record.offset < place.end).slice(0, most);
    return { records, next: records.length === 0 ? from : records[records.length - 1].offset + 1 };
  }

  async append(records: readonly OutputRecord[], { along }: Appending): Promise<void> {
    const topics = [...Map.groupBy(records, ({ topic }) => topic)];
    if (topics.length > 1) throw new Error("Cannot append to several topics of the embedded log in one atomic.");
    for (const [name, rows] of topics) {
      const topic = this.#core.topics.get(name);
      const byPartition: OutputRecord[][] = topic.partitions.map(() => []);
      for (const row of rows) byPartition[partitionOf(topic, row.partition).number].push(row);
      await this.#core.writer.append(topic, byPartition, along);
    }
  }

  ended(topic: string): boolean {
    if (!this.#core.topics.get(topic).ended) return false;
    for (const reader of this.#readers) if (!reader.sawEnd(topic)) return false;
    return true;
  }

  // deno-lint-ignore require-await -- a promise that rejects where a topic is missing
  async reader(options: ReaderOptions, handler: ReaderHandler): Promise<Reader> {
    const reader = startLocalReader(this.#local, { options, handler, after: this.#after });
    this.#readers.add(reader);
    return reader;
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.stop();
    await this.#core.writer.leave(this.#owner);
  }
}

function partitionOf({ name, partitions }: TopicState, partition: number): PartitionState {
  const found = partitions[partition];
  if (found !== undefined) return found;
  throw new RangeError(
    `There is no partition ${partition} of the topic "${name}": it has ${partitions.length} partitions.`,
  );
}

function boundsOf(partition: PartitionState): Bounds {
  return { earliest: partition.first, latest: partition.end };
}
