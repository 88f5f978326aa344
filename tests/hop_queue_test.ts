/** What a task reads of a hop: records that were handed over in its process, and those that were fetched. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { InputRecord } from "../connectors/connector.ts";
import { HopMarks } from "../operators/_hop_marks.ts";
import type { HopStatus } from "../operators/_task.ts";
import { HopQueue } from "../runtime/hop_queue.ts";
import { controlHeader, HOP_HEADER, HopRecord, valueHeader } from "../runtime/hop_records.ts";
import { QUEUE_BYTES } from "../runtime/limits.ts";
import { LocalHops } from "../runtime/local_hops.ts";
import type { OwnedTask } from "../runtime/owned_task.ts";
import { encode } from "../state/codec.ts";

const HOP = "job.by-place.repartition";
const RUN = new TextEncoder().encode("runofjob");

/** A value that a sender sends, as a row. Its number is its sequence, and its timestamp. */
function row(sender: number, sequence: number, size = 1): InputRecord {
  const record = { topic: "events", partition: sender, offset: sequence, timestamp: sequence };
  const header = valueHeader({ task: sender, run: RUN }, sequence, {
    timestamp: sequence,
    record: { ...record, key: null, headers: undefined },
    refusal: undefined,
  }, 0);
  return rowOf(header, encode("x".repeat(size)), sequence);
}

function told(sender: number, sequence: number, status: HopStatus): InputRecord {
  return rowOf(controlHeader({ task: sender, run: RUN }, sequence, 0, status), null, sequence);
}

function rowOf(header: Uint8Array, value: Uint8Array | null, timestamp: number): InputRecord {
  return { topic: HOP, partition: 0, offset: -1, timestamp, key: null, value, headers: [[HOP_HEADER, header]] };
}

/** A queue, and what takes its records as a task does. */
function reader() {
  const queue = new HopQueue(0, HOP, 0, 0);
  const marks = new HopMarks([0, 1]);
  queue.reached = (sender) => marks.reached(sender);
  let end = 0;
  return {
    queue,
    fetch(...rows: readonly InputRecord[]) {
      const records = rows.map((one, at) => ({ ...one, offset: end + at }));
      const start = end;
      end += rows.length;
      queue.add({ topic: HOP, partition: 0, records, start, position: end, end });
    },
    hand: (after: number, ...rows: readonly InputRecord[]) => {
      const records = rows.map((one) => new HopRecord(one));
      return queue.handOver({ sender: records[0].sender, after, records });
    },
    /** Takes all that may be taken. Returns what is new, as `sender:sequence`. */
    take(): string[] {
      const taken: string[] = [];
      while (!queue.empty) {
        const record = queue.take() as HopRecord | undefined;
        if (record !== undefined && marks.takes(record.sender, record.sequence)) {
          taken.push(`${record.sender}:${record.sequence}`);
        }
      }
      return taken;
    },
  };
}

describe("the queue of a hop", () => {
  it("gives what was handed over at once, and passes the same records when they are fetched", () => {
    const { queue, fetch, hand, take } = reader();
    fetch(row(0, 1));
    assertEquals(take(), ["0:1"]);
    hand(1, row(0, 2), row(0, 5));
    assertEquals(take(), ["0:2", "0:5"]);
    assertEquals(queue.position, 1, "only fetched records move the position");
    fetch(row(0, 2), row(0, 5), row(0, 7));
    assertEquals(take(), ["0:7"]);
    assertEquals(queue.position, 4);
  });

  it("keeps what was handed over until all that its sender has sent before it has come", () => {
    const { queue, fetch, hand, take } = reader();
    hand(3, row(0, 4), row(0, 6));
    hand(6, row(0, 7));
    assert(queue.empty && !queue.hasHanded);
    fetch(row(0, 1), row(0, 3));
    assertEquals(take(), ["0:1", "0:3", "0:4", "0:6", "0:7"]);
  });

  it("drops what has come from the topic before it was taken", () => {
    const { queue, fetch, hand, take } = reader();
    hand(1, row(0, 2), row(0, 3));
    fetch(row(0, 1), row(0, 2), row(0, 3));
    assertEquals(take(), ["0:1", "0:2", "0:3"]);
    assertEquals(queue.position, 3);
    assert(!queue.hasHanded);
  });

  it("lets no sender wait for another", () => {
    const { fetch, hand, take } = reader();
    hand(8, row(0, 9));
    hand(0, row(1, 1));
    assertEquals(take(), ["1:1"]);
    fetch(row(0, 8));
    assertEquals(take(), ["0:8", "0:9"]);
  });

  it("takes the older record first, and a control record at once", () => {
    const { queue, fetch, hand } = reader();
    fetch(row(1, 5));
    hand(0, row(0, 3), row(0, 8));
    assertEquals([queue.nextTimestamp, (queue.take() as HopRecord).sequence], [3, 3]);
    assertEquals([queue.nextTimestamp, (queue.take() as HopRecord).sequence], [5, 5]);
    hand(0, told(1, 9, "idle"));
    assertEquals(queue.nextTimestamp, 8);
  });

  it("refuses more than it has room for, which then comes from the topic", () => {
    const { fetch, hand, take } = reader();
    assert(hand(0, row(0, 1, QUEUE_BYTES)));
    assert(!hand(1, row(0, 2)));
    assertEquals(take(), ["0:1"]);
    assert(hand(2, row(0, 3)));
    assertEquals(take(), []);
    fetch(row(0, 1), row(0, 2), row(0, 3));
    assertEquals(take(), ["0:2", "0:3"]);
  });

  it("takes nothing more once its hop has ended", () => {
    const { queue, hand } = reader();
    queue.done = true;
    assert(!hand(0, row(0, 1)));
    assert(queue.empty);
  });
});

describe("the hops of a worker", () => {
  const task = {} as OwnedTask;

  function hops() {
    const one = reader();
    const local = new LocalHops([{ topic: HOP, above: ["events"] }], (topic, partition) => {
      return topic === HOP && partition === 0 ? [{ queue: one.queue }] : [];
    });
    return { ...one, local };
  }

  it("hand over all but the first that a task sends: what came before it is not known", () => {
    const { local, fetch, take } = hops();
    assert(!local.handOver(task, [row(0, 3)]));
    assert(local.handOver(task, [row(0, 4), row(0, 5)]));
    assertEquals(take(), []);
    fetch(row(0, 1), row(0, 3));
    assertEquals(take(), ["0:1", "0:3", "0:4", "0:5"]);
  });

  it("say when a result is among the rows, or a row for another worker", () => {
    const { local, fetch, take } = hops();
    local.handOver(task, [row(0, 1)]);
    assert(!local.handOver(task, [row(0, 2), { ...row(0, 3), topic: "counts" }]));
    assert(!local.handOver(task, [row(0, 4), { ...row(0, 5), partition: 1 }]));
    fetch(row(0, 1));
    assertEquals(take(), ["0:1", "0:2", "0:4"]);
  });

  it("leave the end of a sender to the topic, so that whoever has ended has read all of it", () => {
    const { local, fetch, take, queue } = hops();
    local.handOver(task, [row(0, 1)]);
    assert(!local.handOver(task, [row(0, 2), told(0, 3, "ended")]));
    fetch(row(0, 1));
    assertEquals(take(), ["0:1", "0:2"]);
    fetch(row(0, 2), told(0, 3, "ended"));
    assertEquals(take(), ["0:3"]);
    assertEquals(queue.position, 3);
  });

  it("know how many hops a value crosses", () => {
    const at = (topic: string, ...above: string[]) => ({ topic, above });
    const depth = (...all: { topic: string; above: string[] }[]) => new LocalHops(all, () => []).depth;
    assertEquals(depth(at("a", "events")), 1);
    assertEquals(depth(at("a", "events"), at("b", "a"), at("c", "events", "clicks")), 2);
    assertEquals(depth(at("c", "b", "events"), at("b", "a"), at("a", "events")), 3);
  });
});
