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
