/** The queue of one input partition: where reading stands. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { Batch, InputRecord } from "../connectors/connector.ts";
import { InputQueue } from "../runtime/input_queue.ts";

function batch(start: number, offsets: readonly number[], position: number): Batch {
  const records = offsets.map((offset): InputRecord => ({
    ...{ topic: "clicks", partition: 0, offset, timestamp: 0 },
    ...{ key: null, value: null, headers: undefined },
  }));
  return { topic: "clicks", partition: 0, start, records, position, end: position };
}

function places({ position, missing }: InputQueue): { position: number; missing: number } {
  return { position, missing };
}

describe("InputQueue", () => {
  it("InputQueue goes on behind what is gone, also where nothing comes after it", () => {
    const queue = new InputQueue(0, "clicks", 0, 3);
    queue.skip(8);
    assertEquals(queue.empty, false, "there is something to do: the position is to be committed");
    assertEquals(queue.take(), undefined);
    assertEquals(places(queue), { position: 8, missing: 5 });
    assertEquals(queue.add(batch(8, [8], 9)), true);
    assertEquals(queue.take()?.offset, 8);
    assertEquals(places(queue), { position: 9, missing: 5 });
  });

  it("InputQueue passes over what is gone only after the records that it has already", () => {
    const queue = new InputQueue(0, "clicks", 0, 0);
    queue.add(batch(0, [0, 1], 2));
    queue.skip(10);
    assertEquals(queue.add(batch(2, [2], 3)), false, "a fetch from before it is none of ours");
    queue.add(batch(10, [10], 11));
    const seen = [];
    for (let record = queue.take(); record !== undefined; record = queue.take()) {
      seen.push([record.offset, queue.position, queue.missing]);
    }
    assertEquals(seen, [[0, 1, 0], [1, 2, 0], [10, 11, 8]]);
  });
});

describe("InputQueue of a partition that several tasks share", () => {
  const shared = (start: number) => new InputQueue(0, "clicks", 0, start, { shared: true });
  const taken = (queue: InputQueue) => {
    const offsets: number[] = [];
    for (let record = queue.take(); record !== undefined; record = queue.take()) offsets.push(record.offset);
    return offsets;
  };

  it("takes of a fetch that began before its place what it has not had, and of none anything twice", () => {
    const queue = shared(5);
    assertEquals(queue.add(batch(0, [0, 1, 4], 5)), true);
    assertEquals([queue.empty, queue.position], [true, 5]);
    assertEquals(queue.add(batch(3, [3, 4, 5, 6], 7)), true);
    assertEquals(queue.add(batch(2, [2, 3, 4], 5)), true, "a task further back needs it");
    assertEquals(queue.add(batch(6, [6, 7], 9)), true);
    assertEquals(taken(queue), [5, 6, 7]);
    assertEquals([queue.position, queue.bytes], [9, 0]);
  });

  it("refuses a fetch that begins behind its place: something would be left out", () => {
    const queue = shared(5);
    assertEquals(queue.add(batch(6, [6], 7)), false);
    assertEquals([queue.expected, queue.empty], [5, true]);
  });

  it("holds nothing once it is done, so that it does not hold the other tasks' fetches back", () => {
    const queue = shared(5);
    queue.done = true;
    assertEquals(queue.add(batch(5, [5], 6)), true);
    assertEquals(queue.add(batch(9, [9], 10)), true);
    assertEquals([queue.empty, queue.position], [true, 5]);
  });

  it("releases its part of a fetch that was held", () => {
    const queue = shared(5);
    const fetch = batch(4, [4, 5], 6);
    queue.add(fetch, true);
    assertEquals(queue.empty, true);
    queue.release(fetch);
    assertEquals(taken(queue), [5]);
  });
});
