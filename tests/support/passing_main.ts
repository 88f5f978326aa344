/**
 * The memory that each pipeline of `passing.ts` holds after some events and after ten times as many, without a job. A process
 * of its own, because a collection of garbage on demand needs a flag of V8. Prints one line of JSON for each pipeline.
 */
import { Subject } from "rxjs";
import { eventTime, minutes, watermark } from "@tidemark/streams/operators";
import { systemClock } from "../../base/clock.ts";
import { PASSING, type Passing, passingEvents } from "./passing.ts";

const EVENTS = 2_000;
const TIMES = 10;

const { gc } = globalThis as unknown as { gc(): void };

/** The bytes of all objects that are still reachable. */
async function held(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    await systemClock.turn();
    gc();
  }
  return Deno.memoryUsage().heapUsed;
}

for (const [name, pipeline] of Object.entries(PASSING)) {
  const events = new Subject<Passing>();
  const timed = events.pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: minutes(2) }));
  let results = 0;
  const subscription = pipeline(timed, events).subscribe(() => results++);
  const push = async (round: number) => {
    for (const event of passingEvents(EVENTS, round)) {
      events.next(event);
      // Answers of `asyncMap` come in turns of their own.
      if (event.n % 100 === 0) await systemClock.turn();
    }
  };
  await push(0);
  const once = await held();
  for (let round = 1; round < TIMES; round++) await push(round);
  const tenTimes = await held();
  subscription.unsubscribe();
  console.log(JSON.stringify({ name, results, bytesAnEvent: (tenTimes - once) / (EVENTS * (TIMES - 1)) }));
}
