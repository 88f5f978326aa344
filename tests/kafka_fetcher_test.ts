/** What a fetcher asks for, and what it makes of the answers, on a line that answers as the test says. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { systemClock } from "../base/clock.ts";
import type { Batch } from "../connectors/connector.ts";
import type { FetchedPartition, FetchLimits, FetchPartition, Line } from "../connectors/kafka/driver.ts";
import { Fetcher } from "../connectors/kafka/fetcher.ts";
import { FETCH_PARTITION_BYTES } from "../connectors/kafka/limits.ts";
import { Trouble } from "../connectors/kafka/trouble.ts";
import { batchOf, fetchOf, recordOf, recordsOf } from "./support/record_batches.ts";

type Answer = (asked: readonly FetchPartition[], limits: FetchLimits) => FetchedPartition[];

/** Fetches with these answers, one after the other; after the last one nothing comes. */
async function fetchWith(answers: readonly Answer[], partitions = 1) {
  const asked: { readonly partitions: readonly number[]; readonly limits: FetchLimits }[] = [];
  const batches: Batch[] = [];
  const failures: Error[] = [];
  const over = Promise.withResolvers<void>();
  const line = {
    connect: () => Promise.resolve(),
    topicId: () => Promise.resolve(undefined),
    places: () => Promise.resolve(Array.from({ length: partitions }, (_, partition) => ({ partition, leader: "1" }))),
    fetch(_leader: string, wanted: readonly FetchPartition[], limits: FetchLimits) {
      if (asked.length === answers.length) {
        over.resolve();
        return Promise.resolve([]);
      }
      asked.push({ partitions: wanted.map(({ partition }) => partition), limits });
      return Promise.resolve(answers[asked.length - 1](wanted, limits));
    },
  } as unknown as Line;
  const fetcher = new Fetcher(line, {
    brokers: "kafka:9092",
    clock: systemClock,
    trouble: new Trouble(() => {}),
    observer: {
      batch: (batch) => batches.push(batch),
      missing: () => Promise.reject(new Error("nothing is missing")),
      failed: (error) => {
        failures.push(error);
        over.resolve();
      },
    },
  });
  for (let partition = 0; partition < partitions; partition++) fetcher.add("t", partition, 0);
  fetcher.run();
  await over.promise;
  await fetcher.halt();
  return { asked, batches, failures };
}

const nothing: Answer = (asked) => asked.map(({ topic, partition }) => ({ ...fetchOf([]), topic, partition }));

describe("a fetcher", () => {
  it("asks for each partition first in turn, for an answer may have no room for the others", async () => {
    const { asked } = await fetchWith([nothing, nothing, nothing, nothing], 3);
    assertEquals(asked.map(({ partitions }) => partitions), [[1, 2, 0], [2, 0, 1], [0, 1, 2], [1, 2, 0]]);
  });

  it("gives a batch that was cut off the room that it needs, and is modest again afterwards", async () => {
    const large = batchOf({ records: [recordOf({ value: "x".repeat(2 * FETCH_PARTITION_BYTES) })] });
    const { asked, batches } = await fetchWith([
      (_, { partitionBytes }) => [fetchOf([large.subarray(0, partitionBytes)])],
      (_, { partitionBytes }) => [fetchOf([large.subarray(0, partitionBytes)])],
      nothing,
    ]);
    const [first, second, third] = asked.map(({ limits }) => limits);
    assertEquals([first.partitionBytes, second.partitionBytes], [FETCH_PARTITION_BYTES, large.length]);
    assert(second.bytes >= large.length);
    assertEquals(third, first);
    assertEquals(batches.map(({ records, position }) => [records.length, position]), [[1, 1]]);
  });

  it("is in no trouble any more when its partitions are taken away", () => {
    const told: (string | undefined)[] = [];
    const trouble = new Trouble((part, error) => told.push(error === undefined ? `${part} works` : error.message));
    const observer = { batch: () => {}, missing: () => Promise.resolve(0), failed: () => {} };
    const fetcher = new Fetcher({} as Line, { brokers: "kafka:9092", clock: systemClock, trouble, observer });
    fetcher.add("t", 0, 0);
    trouble.tell("input", new Error("no broker answers"));
    fetcher.keep(new Map([["t", [0]]]));
    fetcher.keep(new Map());
    assertEquals(told, ["no broker answers", "input works"]);
  });

  it("goes on behind a batch that nobody can read", async () => {
    const bad = batchOf({ base: 0, records: recordsOf("a", "b"), badSum: true });
    const good = batchOf({ base: 2, records: recordsOf("c") });
    const { asked, batches, failures } = await fetchWith([() => [fetchOf([bad])], () => [fetchOf([good])]]);
    assertEquals(batches.map(({ start, position }) => [start, position]), [[0, 2], [2, 3]]);
    assertEquals([asked.length, failures], [2, []]);
  });

  it("takes what came of a partition out of an answer that is much larger", async () => {
    const batch = batchOf({ base: 0, records: recordsOf("a", "b") });
    const answer = new Uint8Array(1_000_000);
    answer.set(batch, 1000);
    const { batches } = await fetchWith([
      () => [{ ...fetchOf([]), batches: answer.subarray(1000, 1000 + batch.length) }],
    ]);
    assertEquals(batches[0].records.at(0)!.value!.buffer.byteLength, batch.length);
  });
});
