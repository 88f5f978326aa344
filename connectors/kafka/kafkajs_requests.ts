/**
 * Requests that kafkajs cannot encode, or not the way the engine needs them: its answer to a fetch hides the last stable
 * offset, its records cost ten times what they must, it asks for no stable offsets, and its metadata fails on one bad topic.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ProtocolRequest } from "./kafkajs_cluster.ts";
import type {
  FetchedPartition,
  FetchLimits,
  FetchPartition,
  ProduceFailure,
  ProducePartition,
  ProducerIdentity,
} from "./driver.ts";
import { brokerError, CODE, KafkaError } from "./errors.ts";
import { ByteReader, ByteWriter } from "./wire.ts";

const PRODUCE = 0;
const FETCH = 1;
const METADATA = 3;
const OFFSET_FETCH = 9;

/** The protocol versions that are spoken here; Apache Kafka 2.5 and later has them all. */
export const SPOKEN: readonly { readonly apiKey: number; readonly version: number }[] = [
  { apiKey: PRODUCE, version: 7 },
  { apiKey: FETCH, version: 11 },
  { apiKey: METADATA, version: 6 },
  { apiKey: OFFSET_FETCH, version: 7 },
];

/** A cluster as metadata describes it, in kafkajs' form. */
export interface ClusterMetadata {
  readonly brokers: readonly { nodeId: number; host: string; port: number; rack: string }[];
  readonly controllerId: number;
  readonly topicMetadata: readonly {
    topic: string;
    topicErrorCode: number;
    partitionMetadata: readonly { partitionId: number; partitionErrorCode: number; leader: number }[];
  }[];
}

function request<T>(
  api: { key: number; version: number; name: string },
  body: ByteWriter,
  read: (reader: ByteReader) => T,
): ProtocolRequest<T> {
  return {
    request: {
      apiKey: api.key,
      apiVersion: api.version,
      apiName: api.name,
      encode: () => {
        const { buffer, byteOffset, byteLength } = body.written;
        const bytes = Buffer.from(buffer, byteOffset, byteLength);
        // kafkajs takes anything for an encoder that has these two.
        return { buf: bytes, buffer: bytes };
      },
    },
    response: {
      decode: (bytes) => ({ bytes }),
      parse: (decoded) => read(new ByteReader(decoded.bytes as Uint8Array)),
    },
  };
}

/** A request of a flexible version: its header ends with (no) tagged fields, and so does its response's. */
export function flexibleRequest<T>(
  api: { readonly key: number; readonly version: number; readonly name: string },
  body: ByteWriter,
  read: (reader: ByteReader) => T,
): ProtocolRequest<T> {
  return request(api, new ByteWriter(body.length + 1).unsignedVarint(0).raw(body.written), (reader) => {
    reader.skipTags();
    return read(reader);
  });
}

/** Describes brokers and the named topics, and creates none. */
export function metadataRequest(topics: readonly string[]): ProtocolRequest<ClusterMetadata> {
  const body = new ByteWriter().int32(topics.length);
  for (const topic of topics) body.string(topic);
  body.int8(0);
  return request({ key: METADATA, version: 6, name: "Metadata" }, body, (reader) => {
    reader.int32();
    const brokers = readArray(reader, () => ({
      nodeId: reader.int32(),
      host: reader.string(),
      port: reader.int32(),
      rack: reader.string(),
    }));
    reader.string();
    const controllerId = reader.int32();
    const topicMetadata = readArray(reader, () => readTopic(reader));
    return { brokers, controllerId, topicMetadata };
  });
}

function readTopic(reader: ByteReader): ClusterMetadata["topicMetadata"][number] {
  const topicErrorCode = reader.int16();
  const topic = reader.string();
  reader.int8();
  const partitionMetadata = readArray(reader, () => {
    const partitionErrorCode = reader.int16();
    const partitionId = reader.int32();
    const leader = reader.int32();
    for (let lists = 0; lists < 3; lists++) readArray(reader, () => reader.int32());
    return { partitionErrorCode, partitionId, leader };
  });
  return { topic, topicErrorCode, partitionMetadata };
}

/** The version of metadata that tells topics' ids: of Apache Kafka 2.8. */
export const TOPIC_ID_METADATA = { apiKey: METADATA, version: 10 } as const;

/** Asks for a topic's id, as text; `undefined` where there is no such topic. */
export function topicIdRequest(topic: string): ProtocolRequest<string | undefined> {
  // A flexible version: a request header that ends with no tagged fields, a null id, and no leave to create any topic.
  const body = new ByteWriter().unsignedVarint(0).unsignedVarint(2).raw(new Uint8Array(16)).compactString(topic);
  body.unsignedVarint(0).int8(0).int8(0).int8(0).unsignedVarint(0);
  return request({ key: METADATA, version: TOPIC_ID_METADATA.version, name: "Metadata" }, body, (reader) => {
    reader.skipTags();
    reader.int32();
    for (let brokers = reader.unsignedVarint() - 1; brokers > 0; brokers--) {
      reader.int32();
      reader.compactString();
      reader.int32();
      reader.compactString();
      reader.skipTags();
    }
    reader.compactString();
    reader.int32();
    if (reader.unsignedVarint() !== 2) return undefined;
    const error = reader.int16();
    reader.compactString();
    if (error === CODE.unknownTopicOrPartition) return undefined;
    if (error !== 0) throw brokerError(error, `a question for the topic "${topic}"`);
    return Array.from(reader.take(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
}

/** Reads partitions from their leader as a `read_committed` reader, outside of a fetch session. */
export function fetchRequest(
  partitions: readonly FetchPartition[],
  limits: FetchLimits,
): ProtocolRequest<readonly FetchedPartition[]> {
  const body = new ByteWriter(64 + 64 * partitions.length);
  body.int32(-1).int32(limits.wait).int32(1).int32(limits.bytes).int8(1).int32(0).int32(-1);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  body.int32(byTopic.size);
  for (const [topic, wanted] of byTopic) {
    body.string(topic).int32(wanted.length);
    for (const { partition, offset } of wanted) {
      body.int32(partition).int32(-1).int64(offset).int64(-1).int32(limits.partitionBytes);
    }
  }
  body.int32(0).string("");
  return request({ key: FETCH, version: 11, name: "Fetch" }, body, (reader) => {
    reader.int32();
    const error = reader.int16();
    if (error !== 0) throw brokerError(error, "a fetch");
    reader.int32();
    const fetched: FetchedPartition[] = [];
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.string();
      for (let left = reader.int32(); left > 0; left--) fetched.push(readFetched(reader, topic));
    }
    return fetched;
  });
}

function readFetched(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const error = reader.int16();
  const latest = reader.int64();
  const end = reader.int64();
  reader.int64();
  const aborted = readArray(reader, () => ({ producer: reader.int64(), firstOffset: reader.int64() }));
  reader.int32();
  const batches = reader.take(Math.max(0, reader.int32()));
  return { topic, partition, error, end, latest, aborted, batches };
}

/** Writes record batches, acknowledged by all replicas that are in sync. */
export function produceRequest(
  identity: ProducerIdentity,
  partitions: readonly ProducePartition[],
): ProtocolRequest<readonly ProduceFailure[]> {
  const bytes = partitions.reduce((sum, { batch, topic }) => sum + batch.length + topic.length * 3 + 16, 128);
  const body = new ByteWriter(bytes);
  body.string(identity.transactionalId).int16(-1).int32(30_000);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  body.int32(byTopic.size);
  for (const [topic, wanted] of byTopic) {
    body.string(topic).int32(wanted.length);
    for (const { partition, batch } of wanted) body.int32(partition).block(batch);
  }
  return request({ key: PRODUCE, version: 7, name: "Produce" }, body, (reader) => {
    const failures: ProduceFailure[] = [];
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.string();
      for (let left = reader.int32(); left > 0; left--) {
        const partition = reader.int32();
        const error = reader.int16();
        if (error !== 0) failures.push({ topic, partition, error });
        reader.take(24);
      }
    }
    return failures;
  });
}

/** What a group has committed; with `stable`, refused while a transaction has offsets of the group under way. */
export function offsetFetchRequest(
  group: string,
  topic: string,
  options: { readonly partitions: readonly number[]; readonly stable: boolean },
): ProtocolRequest<ReadonlyMap<number, number>> {
  // Version 7 is a flexible one: its request header ends with (no) tagged fields, and so does its response's.
  const body = new ByteWriter().unsignedVarint(0).compactString(group);
  body.unsignedVarint(2).compactString(topic).unsignedVarint(options.partitions.length + 1);
  for (const partition of options.partitions) body.int32(partition);
  body.unsignedVarint(0).int8(options.stable ? 1 : 0).unsignedVarint(0);
  return request({ key: OFFSET_FETCH, version: 7, name: "OffsetFetch" }, body, (reader) => {
    reader.skipTags();
    reader.int32();
    const offsets = new Map<number, number>();
    for (let topics = reader.unsignedVarint() - 1; topics > 0; topics--) {
      reader.compactString();
      for (let left = reader.unsignedVarint() - 1; left > 0; left--) readCommitted(reader, offsets);
      reader.skipTags();
    }
    const error = reader.int16();
    if (error !== 0) throw brokerError(error, "a question for committed offsets");
    return offsets;
  });
}

function readCommitted(reader: ByteReader, offsets: Map<number, number>): void {
  const partition = reader.int32();
  const offset = reader.int64();
  reader.int32();
  reader.compactString();
  const error = reader.int16();
  reader.skipTags();
  if (error !== 0) throw brokerError(error, "a question for committed offsets");
  if (offset >= 0) offsets.set(partition, offset);
}

function readArray<T>(reader: ByteReader, read: () => T): T[] {
  const items: T[] = [];
  for (let left = reader.int32(); left > 0; left--) items.push(read());
  return items;
}

/** Throws where a broker is too old. */
export function checkVersions(versions: Record<number, { maxVersion: number }>): void {
  for (const { apiKey, version } of SPOKEN) {
    if ((versions[apiKey]?.maxVersion ?? -1) < version) {
      throw new KafkaError("the broker is older than Apache Kafka 2.5", { kind: "broker", code: 35 });
    }
  }
}
