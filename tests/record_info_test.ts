import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map, mergeMap, of } from "rxjs";
import { eventTime, keyedReduce, recordInfo } from "@tidemark/streams/operators";
import { at, events, outcome } from "./support/events.ts";
import { HandMadeTask, jobSource } from "./support/task_host.ts";

const info = <T>() => map((_: T) => recordInfo());
const atHand = { partition: 1, offset: 42, timestamp: 7 };

describe("recordInfo()", () => {
  it("tells the record at hand: topic, partition, offset, key, headers and timestamp", () => {
    const seen: unknown[] = [];
    const job = new HandMadeTask().run(jobSource("events", 2).pipe(info(), map((record) => seen.push(record))));
    job.push("events", "value", atHand);
    assertEquals(seen, [{ topic: "events", partition: 1, offset: 42, key: null, headers: {}, timestamp: 7 }]);
  });

  it("has the record's own timestamp above eventTime(), and the event time below it", () => {
    const seen: unknown[] = [];
    const note = map((value: number) => (seen.push(recordInfo().timestamp), value));
    const job = new HandMadeTask().run(jobSource<number>("events", 2).pipe(note, eventTime((time) => time), note));
    job.push("events", 5, atHand);
    assertEquals(seen, [7, 5]);
  });

  it("inside a reducer, a key function and an inner stream is that of the record being pushed", () => {
    const seen: unknown[] = [];
    const look = () => seen.push(recordInfo().offset);
    const job = new HandMadeTask().run(
      jobSource<string>("events").pipe(
        mergeMap((word) => of(word, word).pipe(map((one) => (look(), one)))),
        keyedReduce({ name: "c", key: (word) => (look(), word), initial: 0, reduce: (total) => (look(), total + 1) }),
      ),
    );
    job.push("events", "a", { offset: 3 });
    assertEquals(seen, Array(6).fill(3));
  });

  it("over a plain Observable knows the event time only", () => {
    const { values } = outcome(from(events(5)).pipe(at, info()));
    const unknown = { topic: undefined, partition: undefined, offset: undefined, key: undefined, headers: {} };
    assertEquals(values, [{ ...unknown, timestamp: 5 }]);
    const untimed = of("a").pipe(keyedReduce({ key: (word) => word, initial: 0, reduce: (n: number) => n }), info());
    assertEquals(outcome(untimed).values, [{ ...unknown, timestamp: undefined }]);
  });

  it("outside a push is an error that says where to call it", () => {
    const { message } = assertThrows(() => recordInfo(), TypeError);
    assertEquals(
      message,
      "recordInfo() was called outside a push: call it synchronously inside a stage, such as map(() => recordInfo())",
    );
  });

  it("is not left behind by a push that threw", () => {
    outcome(
      from(events(1)).pipe(
        at,
        map(() => {
          throw new Error("broken");
        }),
      ),
    );
    assertThrows(() => recordInfo(), TypeError);
  });
});
