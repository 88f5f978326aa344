/** The queue of timers, against a sorted list. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TimerQueue } from "../operators/_timer_queue.ts";

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("push" as const), time: fc.integer({ min: -9, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("take" as const), time: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("forget" as const), time: fc.nat({ max: 400 }) }) },
);

interface Entry {
  readonly time: number;
  readonly sequence: number;
}

Deno.test("property: a queue of timers gives them by time, then by sequence, without those that were forgotten", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      let live: Entry[] = [];
      const queue = new TimerQueue<Entry>((entry) => live.includes(entry));
      for (const [sequence, { what, time }] of steps.entries()) {
        const [first] = live.toSorted((a, b) => a.time - b.time || a.sequence - b.sequence);
        assertEquals(queue.next, first?.time ?? Infinity);
        if (what === "push") {
          const entry = { time, sequence };
          live.push(entry);
          queue.push(time, sequence, entry);
        } else if (first !== undefined) {
          const gone = what === "take" ? queue.take() : live[time % live.length];
          if (what === "take") assertEquals(gone, first);
          live = live.filter((entry) => entry !== gone);
          if (what === "forget") queue.forget();
        }
      }
    }),
    { seed: 20_240_229, numRuns: 1000 },
  );
});

Deno.test("a queue of timers keeps no more than the timers that are set, however many are deleted", () => {
  const live = new Set<number>();
  const queue = new TimerQueue<number>((entry) => live.has(entry));
  for (let n = 0; n < 10_000; n++) {
    live.add(n);
    queue.push(1_000 + n, n, n);
    live.delete(n - 10);
    if (n >= 10) queue.forget();
  }
  assertEquals(queue.size < 200, true, `${queue.size} entries`);
  assertEquals(queue.next, 1_000 + 9_990);
});
