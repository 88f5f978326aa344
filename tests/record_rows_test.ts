/** How a value becomes a complete record: what its topic takes decides its timestamp, or refuses it. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { days, hours, memory } from "@tidemark/streams";
import type { InputRecord, TopicInfo } from "../connectors/connector.ts";
import { headerOf } from "../connectors/headers.ts";
import { sinkSpec } from "../connectors/verbs.ts";
import { Task } from "../operators/_task.ts";
import { RecordRows } from "../connectors/record_rows.ts";

const NOW = Date.UTC(2026, 0, 1);

function rowsFor(info: Partial<TopicInfo>): RecordRows {
  const spec = sinkSpec<unknown>(memory(), "out");
  return new RecordRows({
    spec,
    info: { partitions: 1, maxRecordBytes: 1000, maxTimestampAhead: Infinity, partitionOf: () => 0, ...info },
    taskNumber: 0,
    now: () => NOW,
  });
}

/** The timestamp of a result of that time. */
function stamp(time: number, info: Partial<TopicInfo>): number {
  const task = new Task(undefined);
  task.timestamp = time;
  const record = rowsFor(info).result("value", task);
  assertEquals(new TextDecoder().decode(headerOf(record.headers, "tidemark.time")!), String(time));
  return record.timestamp;
}

describe("a result's timestamp", () => {
  it("is its event time wherever its topic takes that", () => {
    for (const ahead of [0, 5_000, hours(1), Infinity]) {
      assertEquals(stamp(NOW - days(400), { maxTimestampAhead: ahead }), NOW - days(400));
    }
    assertEquals(stamp(NOW + 4_000, { maxTimestampAhead: 5_000 }), NOW + 4_000);
    assertEquals(stamp(NOW + days(400), { maxTimestampAhead: Infinity }), NOW + days(400));
  });

  it("keeps a tenth of the topic's limit for ahead, and never more than a minute: a small limit does not date it back", () => {
    const latest = (maxTimestampAhead: number) => stamp(NOW + days(1), { maxTimestampAhead }) - NOW;
    assertEquals([0, 5, 1_000, 5_000, 60_000, hours(1)].map(latest), [0, 5, 900, 4_500, 54_000, 3_540_000]);
  });

  it("is refused with the topic's limit where it is older than the topic takes, with the same margin", () => {
    const info = { maxTimestampBehind: 5_000 };
    assertEquals(stamp(NOW - 4_500, info), NOW - 4_500);
    assertThrows(
      () => stamp(NOW - 4_501, info),
      RangeError,
      `its time ${
        NOW - 4_501
      } lies 4501 ms in the past, and topic out takes records of the last 5000 ms (message.timestamp.before.max.ms)`,
    );
  });
});

describe("a dead letter's timestamp", () => {
  const record: InputRecord = {
    ...{ topic: "in", partition: 0, offset: 7, key: null, value: null, headers: undefined, timestamp: NOW },
  };
  const refusal = { stage: "", reason: "bad" };
  const stampOf = (timestamp: number, info: Partial<TopicInfo>) =>
    rowsFor(info).refused({ ...record, timestamp }, refusal).timestamp - NOW;

  it("is the record's own where its topic takes that", () => {
    for (const time of [-days(400), 0, days(400)]) assertEquals(stampOf(NOW + time, {}), time);
  });

  it("is the nearest that its topic takes: a dead letter is written whatever is wrong with it", () => {
    const info = { maxTimestampAhead: 5_000, maxTimestampBehind: 10_000 };
    assertEquals([-days(1), -9_000, 4_500, days(1)].map((time) => stampOf(NOW + time, info)), [
      -9_000,
      -9_000,
      4_500,
      4_500,
    ]);
    assertEquals(stampOf(-1, info), -9_000);
  });
});
