/**
 * Who has a transaction open in a partition, as `kafka-transactions.sh find-hanging` finds it out: its leader knows producers by
 * number, their coordinators know their names.
 *
 * @module
 */

import type { ByteReader } from "./wire.ts";
import { ByteWriter } from "./wire.ts";
import type { OpenTransaction, PartitionPlace } from "./driver.ts";
import { brokerError, CODE } from "./errors.ts";
import type { KafkaJsBroker, KafkaJsCluster, ProtocolRequest } from "./kafkajs_cluster.ts";
import { flexibleRequest } from "./kafkajs_requests.ts";

const DESCRIBE_PRODUCERS = 61;
const DESCRIBE_TRANSACTIONS = 65;
const LIST_TRANSACTIONS = 66;

type Named = Pick<OpenTransaction, "producer" | "transactionalId">;

/** The transactions that are open in a partition, the oldest first; with names and times as far as this user may know them. */
export async function findOpenTransactions(
  cluster: KafkaJsCluster,
  topic: string,
  { partition, leader }: PartitionPlace,
): Promise<readonly OpenTransaction[]> {
  if (leader === undefined) throw brokerError(CODE.leaderNotAvailable, `a question for the producers of "${topic}"`);
  const broker = await cluster.findBroker({ nodeId: leader });
  if (!speaks(broker, DESCRIBE_PRODUCERS)) return [];
  const open = await broker.connectionPool.send(describeProducers(topic, partition));
  if (open.length === 0) return [];
  const ids = open.map(({ producer }) => producer);
  // Any broker may coordinate a transaction.
  const nodeIds = Object.keys(cluster.brokerPool.brokers);
  const asked = await Promise.allSettled(
    nodeIds.map(async (nodeId) => nameThem(await cluster.findBroker({ nodeId }), ids)),
  );
  const named = new Map(
    asked.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []).map((one) => [one.producer, one]),
  );
  return open.map((one) => ({ ...one, ...named.get(one.producer) }))
    .sort((one, other) => one.firstOffset - other.firstOffset);
}

function speaks(broker: KafkaJsBroker, api: number): boolean {
  return (broker.versions[api]?.maxVersion ?? -1) >= 0;
}

/** What one broker knows of these producers, as their coordinator. */
async function nameThem(
  broker: KafkaJsBroker,
  ids: readonly number[],
): Promise<(Named & Pick<OpenTransaction, "since">)[]> {
  if (!speaks(broker, LIST_TRANSACTIONS)) return [];
  const named = await broker.connectionPool.send(listTransactions(ids));
  if (named.length === 0 || !speaks(broker, DESCRIBE_TRANSACTIONS)) return named;
  const names = named.map(({ transactionalId }) => transactionalId!);
  const began = await broker.connectionPool.send(describeTransactions(names)).catch(() => new Map<string, number>());
  return named.map((one) => ({ ...one, since: began.get(one.transactionalId!) }));
}

function describeProducers(
  topic: string,
  partition: number,
): ProtocolRequest<Pick<OpenTransaction, "producer" | "firstOffset">[]> {
  const body = new ByteWriter().unsignedVarint(2).compactString(topic).unsignedVarint(2).int32(partition)
    .unsignedVarint(0).unsignedVarint(0);
  return flexibleRequest({ key: DESCRIBE_PRODUCERS, version: 0, name: "DescribeProducers" }, body, (reader) => {
    reader.int32();
    return readList(reader, () => {
      reader.compactString();
      return readList(reader, () => {
        reader.int32();
        const error = reader.int16();
        reader.compactString();
        const producers = readList(reader, () => {
          const producer = reader.int64();
          reader.skip(4 + 4 + 8 + 4);
          return { producer, firstOffset: reader.int64() };
        });
        if (error !== 0) throw brokerError(error, `a question for the producers of "${topic}"`);
        return producers;
      }).flat();
    }).flat().filter(({ firstOffset }) => firstOffset >= 0);
  });
}

function listTransactions(producers: readonly number[]): ProtocolRequest<Named[]> {
  const body = new ByteWriter().unsignedVarint(1).unsignedVarint(producers.length + 1);
  for (const producer of producers) body.int64(producer);
  body.unsignedVarint(0);
  return flexibleRequest({ key: LIST_TRANSACTIONS, version: 0, name: "ListTransactions" }, body, (reader) => {
    reader.int32();
    const error = reader.int16();
    if (error !== 0) throw brokerError(error, "a question for transactions");
    for (let left = reader.unsignedVarint() - 1; left > 0; left--) reader.compactString();
    return readList(reader, () => {
      const transactionalId = reader.compactString();
      const producer = reader.int64();
      reader.compactString();
      return { transactionalId, producer };
    });
  });
}

/** When each of these began, in milliseconds since 1970. */
function describeTransactions(ids: readonly string[]): ProtocolRequest<Map<string, number>> {
  const body = new ByteWriter().unsignedVarint(ids.length + 1);
  for (const id of ids) body.compactString(id);
  body.unsignedVarint(0);
  return flexibleRequest({ key: DESCRIBE_TRANSACTIONS, version: 0, name: "DescribeTransactions" }, body, (reader) => {
    reader.int32();
    const began = readList(reader, () => {
      const error = reader.int16();
      const id = reader.compactString();
      reader.compactString();
      reader.int32();
      const since = reader.int64();
      reader.skip(8 + 2);
      readList(reader, () => {
        reader.compactString();
        reader.skip(4 * (reader.unsignedVarint() - 1));
      });
      return [id, error === 0 ? since : -1] as const;
    });
    return new Map(began.filter(([, since]) => since >= 0));
  });
}

/** A list of a flexible version, each item with its tagged fields. */
function readList<T>(reader: ByteReader, read: () => T): T[] {
  const items: T[] = [];
  for (let left = reader.unsignedVarint() - 1; left > 0; left--) {
    items.push(read());
    reader.skipTags();
  }
  return items;
}
