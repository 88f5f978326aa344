/** The buffers of an interval join: what finds values is in memory, and is gone with them. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from } from "rxjs";
import { eventTime, watermark } from "@tidemark/streams/operators";
import { JoinBuffer, type JoinKeys } from "../operators/_join_buffer.ts";
import { operate } from "../operators/_operate.ts";

/** The keys of a buffer after each time. A value is kept for ten milliseconds. */
function kept(times: readonly number[]): { keys: number[]; left: string[] } {
  const keys: JoinKeys<string, never, never> = new Map();
  const sizes: number[] = [], left: string[] = [];
  from(times).pipe(
    eventTime((time) => time),
    watermark({ maxOutOfOrderness: 0 }),
    operate<number, number>({ operator: "buffer", time: "own", keeps: true, needsWatermark: true }, (stage) => {
      const buffer = new JoinBuffer<string, number>(stage, keys, {
        side: "left",
        keeps: 10,
        frozen: false,
        unpaired: (value) => left.push(`${value} at ${stage.at.time}`),
      });
      return {
        next(time) {
          const key = `key ${time % 3}`;
          buffer.add(keys.get(key), key, time, time, time % 2 === 0);
          sizes.push(keys.size);
        },
      };
    }),
  ).subscribe();
  return { keys: [...sizes, keys.size], left };
}

describe("the buffer of a side", () => {
  it("keeps a key as long as it has values, and nothing after the end", () => {
    assertEquals(kept([0, 3, 11, 20, 23, 40]), {
      keys: [1, 1, 2, 2, 1, 2, 0],
      left: ["3 at 13", "11 at 21", "23 at 33"],
    });
  });

  it("has as many keys after ten times the data as after one", () => {
    const times = (count: number) => Array.from({ length: count }, (_, n) => n);
    const most = (count: number) => Math.max(...kept(times(count)).keys);
    assertEquals([most(100), most(1_000)], [3, 3]);
  });
});
