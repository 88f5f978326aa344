/**
 * Events that wait behind a hop until its watermark reaches them, where the tasks that send fall idle and wake. When all is
 * quiet every sender is idle, so the hop's watermark is that of the sender that is furthest.
 *
 * @module
 */
import { keyedProcess, map as entries, repartition, typed, watermark } from "@tidemark/streams";
import { DISORDER, type Event } from "../traffic.ts";
import type { AcrossFamily, Row } from "./family.ts";
import { placeOf } from "./hops.ts";

/** After how long without records a partition is idle, in milliseconds. */
const IDLE_MS = 120;
/** For the last partition to fall idle, and for what that causes to cross the hop. */
const QUIET_MS = 2500;

interface Nap extends Row {
  readonly n: number;
}

/** The row of an event. Each has a list of its own, because the order in which they come is that of the hop's time. */
function napOf(place: string, n: number): Nap {
  return { user: `${place}/${n}`, n };
}

export const naps: AcrossFamily = {
  name: "naps",
  share: 0.2,
  dice: 0x9a95,
  hops: ["naps-by-place"],
  interleaves: true,
  quiet: QUIET_MS,
  pipeline: (_events, { bare }) =>
    bare.pipe(
      watermark({ name: "naps", maxOutOfOrderness: DISORDER, idleAfter: IDLE_MS, whenIdle: "hold" }),
      repartition({ name: "naps-by-place", key: placeOf }),
      keyedProcess({
        name: "naps",
        key: placeOf,
        state: { waiting: entries<number, number>() },
        emits: typed<Nap>(),
        next({ n }: Event, { key, time, watermark, state, timers, emit }) {
          if (time <= watermark) return emit(napOf(key, n));
          state.waiting.set(n, time);
          timers.set(time);
        },
        timer(time, { key, state, emit }) {
          for (const [n, due] of state.waiting.entries()) {
            if (due > time) continue;
            state.waiting.delete(n);
            emit(napOf(key, n));
          }
        },
      }),
    ),
  across: ({ partitions, ended }, emit) => {
    const reached = Math.max(...partitions.flat().map(({ time }) => time - DISORDER - 1));
    for (const event of partitions.flat()) {
      if (ended || event.time <= reached) emit(napOf(placeOf(event), event.n));
    }
  },
};
