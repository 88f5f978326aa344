/** What a task tells the readers of a hop, and how often. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HopTold } from "../operators/_hop_told.ts";
import type { HopPort } from "../operators/_task.ts";
import { END_OF_TIME } from "../operators/_limits.ts";
import type { Scope } from "../operators/_scope.ts";

/** A sender with a scope above it that the test moves, and a cut each millisecond. */
function sender(interval: number) {
  const scope = { watermark: 0, idle: false };
  const told: [ms: number, watermark: number, status: string][] = [];
  const sequences: number[] = [];
  let ms = 0;
  const port = {
    sends: true,
    interval,
    elapsed: () => ms,
    tell: (watermark: number, status: string, sequence: number) => {
      told.push([ms, watermark, status]);
      sequences.push(sequence);
    },
  };
  const made = () => new HopTold(port as unknown as HopPort, scope as Scope);
  let one = made();
  return {
    scope,
    told,
    sequences,
    /** Sends a value. Returns its sequence. */
    send: () => one.next(),
    end: () => one.end(),
    /** Lets time pass with a cut in each millisecond. */
    pass(count: number, before: () => void = () => {}) {
      for (let n = 0; n < count; n++) {
        ms++;
        before();
        const due = one.tick(ms), already = told.length;
        one.cut();
        assertEquals(told.length > already, due, "what is due is itself a reason for an epoch");
      }
    },
    /** Goes on as another process does, from the checkpoint. */
    restart() {
      const snapshot = one.snapshot();
      one = made();
      one.restore(snapshot);
    },
  };
}

describe("a sender of a hop", () => {
  it("tells a rising watermark once an interval, and the first rise after a pause at once", () => {
    const { scope, told, pass } = sender(100);
    pass(1000, () => scope.watermark++);
    assertEquals(told.map(([ms]) => ms), [1, 101, 201, 301, 401, 501, 601, 701, 801, 901]);
    pass(500);
    assertEquals(told.at(-1), [1001, 1000, "active"]);
    pass(1, () => scope.watermark++);
    assertEquals(told.at(-1), [1501, 1001, "active"]);
  });

  it("tells a changed status at once, and a rising watermark while it is idle once a second at most", () => {
    const { scope, told, pass } = sender(100);
    pass(1, () => scope.watermark++);
    scope.idle = true;
    pass(2500, () => scope.watermark++);
    assertEquals(told.map(([ms, , status]) => [ms, status]).slice(1), [[2, "idle"], [1002, "idle"], [2002, "idle"]]);
    scope.idle = false;
    pass(1);
    assertEquals(told.at(-1), [2502, 2501, "active"]);
  });

  it("tells nothing twice after a restart, and the end once, without the end of time", () => {
    const { scope, told, pass, end, restart } = sender(100);
    pass(1, () => scope.watermark = 7);
    restart();
    pass(300);
    scope.watermark = END_OF_TIME;
    end();
    end();
    restart();
    end();
    pass(300);
    assertEquals(told, [[1, 7, "active"], [301, 7, "ended"]]);
  });

  it("numbers values and what it tells in the order in which they are sent, and goes on after a restart", () => {
    const { scope, sequences, send, pass, end, restart } = sender(100);
    assertEquals([send(), send()], [1, 2]);
    pass(1, () => scope.watermark = 7);
    restart();
    assertEquals(send(), 4);
    restart();
    end();
    assertEquals(sequences, [3, 5]);
  });

  it("numbers from 1 on where an earlier version has stored no sequence", () => {
    const told = new HopTold({} as HopPort, {} as Scope);
    told.restore({ partitions: [["", 0, 7, true]], watermark: 7 });
    assertEquals(told.next(), 1);
    assertEquals(told.snapshot().partitions, [["", 0, 7, true], ["sent", 0, 1, false]]);
  });
});
