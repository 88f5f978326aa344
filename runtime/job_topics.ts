/**
 * The topics of a running job, as those who look at the job read them.
 *
 * @module
 */
import type { Bounds, Connection, InputRecord, TopicInfo } from "../connectors/connector.ts";

/** How many records are read at a time. */
const BATCH = 500;

/** Reads topics that the job reads or writes, and no others. */
export class JobTopics {
  constructor(readonly job: string, readonly connections: () => ReadonlyMap<string, Connection>) {}

  /** @throws {RangeError} when the job has no such topic */
  connection(topic: string): Connection {
    const connections = this.connections();
    const found = connections.get(topic);
    if (found !== undefined) return found;
    const names = [...connections.keys()].map((name) => JSON.stringify(name)).join(", ");
    throw new RangeError(`Job ${this.job} has no topic ${JSON.stringify(topic)}; it has ${names}`);
  }

  /** @throws {RangeError} when the job has no such topic */
  async info(topic: string): Promise<TopicInfo> {
    const info = await this.connection(topic).topic(topic);
    if (info !== undefined) return info;
    throw new RangeError(`Job ${this.job} cannot find the topic ${JSON.stringify(topic)} any more`);
  }

  async bounds(topic: string): Promise<readonly Bounds[]> {
    return await this.connection(topic).bounds(topic);
  }

  /** The record at an offset, if there is one. */
  async at(topic: string, partition: number, offset: number): Promise<InputRecord | undefined> {
    const { records: [record] } = await this.connection(topic).read({ topic, partition, offset }, 1);
    return record?.offset === offset ? record : undefined;
  }

  /** The records of a partition from one offset up to another. */
  async *between(
    topic: string,
    partition: number,
    { from, to }: { readonly from: number; readonly to: number },
  ): AsyncGenerator<InputRecord, void, undefined> {
    const connection = this.connection(topic);
    for (let offset = from; offset < to;) {
      const { records, next } = await connection.read({ topic, partition, offset }, BATCH);
      for (const record of records) {
        if (record.offset >= to) return;
        yield record;
      }
      if (records.length === 0) return;
      offset = next;
    }
  }
}
