/** Which of a task's queues is pushed next. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { map, merge, type Observable, tap } from "rxjs";
import fc from "fast-check";
import { count, eventTime, memory, tumblingWindow, watermark, type WatermarkOptions } from "@tidemark/streams";
import type { Batch } from "../connectors/connector.ts";
import { memoryState } from "../operators/_memory_state.ts";
import { InputQueue } from "../runtime/input_queue.ts";
import { settingsOf } from "../runtime/options.ts";
import { Outputs } from "../runtime/outputs.ts";
import { planOf } from "../runtime/plan.ts";
import { PushOrder } from "../runtime/push_order.ts";
import { TaskRunner } from "../runtime/task_runner.ts";

const encoder = new TextEncoder();

/** A fetch of a queue: records of these timestamps, whose values are the timestamps too. */
function batchOf(queue: InputQueue, timestamps: readonly number[]): Batch {
  const { topic, partition, expected: start } = queue;
  const records = timestamps.map((timestamp, index) => ({
    ...{ topic, partition, offset: start + index, timestamp, key: null, headers: undefined },
    value: encoder.encode(String(timestamp)),
  }));
  return { topic, partition, start, records, position: start + records.length, end: start + records.length };
}

/** A task that reads these queues: no store, no broker. */
function taskOf(pipeline: Observable<unknown>, queues: readonly InputQueue[]): TaskRunner {
  const settings = settingsOf({ name: "order", state: ":memory:" });
  const plan = planOf([pipeline], settings);
  const sinks = new Map();
  const outputs = new Outputs({
    ...{ taskNumber: 0, sinks, badRecord: undefined, failed: undefined, now: () => 0, count: () => {} },
  });
  const runner = new TaskRunner({
    ...{ number: 0, pipelines: [pipeline], planned: plan.sources, queues, outputs, clocks: {}, counters: {} },
    ...{ openState: (spec) => memoryState(spec), keepsJournal: false, badRecords: "stop" },
  }, () => false);
  runner.bind();
  return runner;
}

function pushAll(runner: TaskRunner): void {
  runner.pushSlice(() => 0, 1);
  assertEquals(runner.task.failure?.error, undefined);
}

/** What a task pushes of two partitions, of which each has these event times. */
function pushed(options: WatermarkOptions<number>, ...partitions: readonly (readonly number[])[]) {
  const log = memory();
  const seen: number[] = [];
  const queues = partitions.map((_times, partition) => new InputQueue(partition, "events", partition, 0));
  const runner = taskOf(
    log.source<number>("events").pipe(eventTime((at) => at), watermark(options), tap((at) => seen.push(at))),
    queues,
  );
  queues.forEach((queue, partition) => {
    if (partitions[partition].length > 0) queue.add(batchOf(queue, partitions[partition]));
  });
  pushAll(runner);
  return { seen, runner, queues };
}

describe("PushOrder", () => {
  it("gives the record with the least timestamp of all queues, and of equal ones that of the first queue", () => {
    fc.assert(fc.property(
      fc.array(fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }), { maxLength: 3 }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.integer({ min: 1, max: 5 }),
      (fetches, steps) => {
        const queues = fetches.map((_one, slot) => new InputQueue(slot, "events", slot, 0));
        const order = new PushOrder(queues, () => false);
        const left = fetches.map((): number[] => []);
        const taken: [number, number][] = [], expected: [number, number][] = [];
        const rounds = Math.max(...fetches.map((one) => one.length), 0);
        for (let round = 0; round <= rounds; round++) {
          fetches.forEach((one, slot) => {
            const times = one[round];
            if (times === undefined) return;
            queues[slot].add(batchOf(queues[slot], times));
            left[slot].push(...times);
          });
          order.refill();
          for (let step = 0; step < (round === rounds ? Infinity : steps); step++) {
            const queue = order.next();
            if (queue === undefined) break;
            const record = queue.take();
            order.taken();
            if (record !== undefined) taken.push([queue.slot, record.timestamp]);
            else continue;
            const slot = left.reduce(
              (best, times, at) => times.length > 0 && (best < 0 || times[0] < left[best][0]) ? at : best,
              -1,
            );
            expected.push([slot, left[slot].shift()!]);
          }
        }
        assertEquals(taken, expected);
        assert(left.every((times) => times.length === 0));
      },
    ));
  });

  it("lets positions move on where no record is next, before anything else", () => {
    const queues = [0, 1].map((slot) => new InputQueue(slot, "events", slot, 0));
    const order = new PushOrder(queues, () => false);
    queues[0].add(batchOf(queues[0], [5]));
    queues[1].skip(7);
    order.refill();
    assertEquals(order.next(), queues[1]);
    assertEquals(queues[1].take(), undefined);
    order.taken();
    assertEquals(queues[1].position, 7);
    assertEquals(order.next(), queues[0]);
  });
});

describe("a task that reads several partitions", () => {
  it("pushes what was written first, first, though a whole fetch of a later partition lies before it", () => {
    const { seen } = pushed({ maxOutOfOrderness: 0 }, [5, 6, 7], [1, 2, 8], [3, 4, 9]);
    assertEquals(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("so no record of merged topics is late where one of them had been silent", () => {
    const log = memory();
    const late: string[] = [];
    const queues = ["left", "right"].map((topic, slot) => new InputQueue(slot, topic, 0, 0));
    const runner = taskOf(
      merge(log.source<number>("left"), log.source<number>("right")).pipe(
        eventTime((at) => at),
        watermark({ maxOutOfOrderness: 0, idleAfter: 100, whenIdle: "hold" }),
        tumblingWindow({ name: "tens", key: () => "all", size: 10, aggregate: count() }),
        map(({ window }) => late.push(String(window.start))),
      ),
      queues,
    );
    queues[0].add(batchOf(queues[0], [1]));
    queues[1].add(batchOf(queues[1], [2]));
    pushAll(runner);
    for (const { slot } of queues) runner.task.idleSince[slot] = 0;
    runner.tick(1_000);
    // Both come back at once, with as many records of the same time.
    const times = Array.from({ length: 500 }, (_none, index) => 10 + index);
    for (const queue of queues) queue.add(batchOf(queue, times));
    pushAll(runner);
    assertEquals(runner.task.late, 0);
  });
});

describe("watermark({ maxDrift })", () => {
  it("holds a partition back that is further ahead than that, until the slowest has come closer", () => {
    // By their own timestamps, the second partition would be read to its end first.
    const log = memory();
    const seen: number[] = [];
    const queues = [0, 1].map((slot) => new InputQueue(slot, "events", slot, 0));
    const runner = taskOf(
      log.source<number>("events").pipe(
        eventTime((at) => at),
        watermark({ maxOutOfOrderness: 0, maxDrift: 10 }),
        tap((at) => seen.push(at)),
      ),
      queues,
    );
    const backdated = (queue: InputQueue, times: number[]) => {
      const batch = batchOf(queue, times);
      return { ...batch, records: [...batch.records].map((record) => ({ ...record, timestamp: 0 })) };
    };
    queues[0].add(backdated(queues[0], [0, 20, 21, 40]));
    pushAll(runner);
    assertEquals(seen, [0], "the other has not been read yet: nobody knows how far behind it is");
    queues[1].add(backdated(queues[1], [1, 12, 30]));
    pushAll(runner);
    assertEquals(seen, [0, 1, 12, 20, 21, 40, 30]);
  });

  it("waits for a partition that has nothing to read until that is idle", () => {
    const { seen, runner } = pushed({ maxOutOfOrderness: 0, maxDrift: 10, idleAfter: 100 }, [0, 5, 50, 99], []);
    assertEquals(seen, [0]);
    assertEquals(runner.ready, false);
    runner.task.idleSince[1] = 0;
    runner.tick(1_000);
    assertEquals(runner.ready, true);
    pushAll(runner);
    assertEquals(seen, [0, 5, 50, 99]);
  });

  it("does not wait for a partition that has come to its end", () => {
    const { seen, runner, queues } = pushed({ maxOutOfOrderness: 0, maxDrift: 10 }, [0, 50, 99], [3]);
    assertEquals(seen, [0, 3, 50]);
    queues[1].done = true;
    pushAll(runner);
    assertEquals(seen, [0, 3, 50, 99]);
  });

  it("is refused where it is no number of at least 0", () => {
    for (const maxDrift of [-1, NaN]) {
      assertThrows(
        () => watermark({ maxOutOfOrderness: 0, maxDrift }),
        RangeError,
        `Cannot create watermarks: maxDrift must be >= 0, current value is ${maxDrift}`,
      );
    }
  });
});
