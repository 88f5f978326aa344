// First steps with Tidemark: an array in, windows and late records out, with no service and no permission.
//
//   deno run examples/first_steps.ts
//
// In a Deno notebook, make a cell of each part that a `// %%` begins.

// %% A stream is an RxJS Observable, and Tidemark's stages are RxJS operators.
import { from, map, tap } from "rxjs";
import { count, eventTime, lateSideOutput, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";

// %% Clicks, in the order in which they arrived. `at` is the time at which they happened, in milliseconds. The two
// orders differ.
const clicks = [
  { user: "ada", at: seconds(10) },
  { user: "bob", at: seconds(55) },
  { user: "ada", at: seconds(65) },
  { user: "ada", at: seconds(40) }, // Out of order, but in time: its minute is still open.
  { user: "bob", at: seconds(95) }, // All clicks up to 85 s have arrived: the first minute is over, its counts are emitted.
  { user: "bob", at: seconds(50) }, // Late, but within the allowed lateness: the corrected count is emitted.
  { user: "ada", at: seconds(170) }, // Now the second minute is over, and the first one accepts no more clicks.
  { user: "bob", at: seconds(20) }, // Too late.
];

// %% How many clicks has each user a minute?
const results: { user: string; minute: number; clicks: number; pane: string }[] = [];
const tooLate: { user: string; at: number }[] = [];

const clicksPerMinute = from(clicks).pipe(
  // Event time comes from the clicks, not from the wall clock.
  eventTime((click) => click.at),
  // Clicks are at most ten seconds out of order, so all older ones have arrived.
  watermark({ maxOutOfOrderness: seconds(10) }),
  // The watermark tells when a minute is over. For another half minute, late clicks correct its counts.
  tumblingWindow({ key: (click) => click.user, size: minutes(1), allowedLateness: seconds(30), aggregate: count() }),
  // Later clicks are not lost: they are a stream of their own.
  lateSideOutput((late) => late.pipe(tap((click) => tooLate.push(click)))),
  // Stages pass on plain values, so RxJS operators such as map() can stand between them.
  map(({ key, window, value, pane }) => ({ user: key, minute: window.start / minutes(1), clicks: value, pane })),
);

// Nothing has run yet: subscribing runs the pipeline. At the end of the array all open windows fire.
clicksPerMinute.subscribe((result) => results.push(result));

// %% Results in the order in which they came; `late` panes correct the `onTime` ones before them.
console.table(results);

// %% And what was too late.
console.table(tooLate);

// %% From here on: name the stages, take `kafka({ brokers }).source("clicks")` for the array, end the pipeline in a `sink()`, and
// `run()` it. examples/recommendations/pipeline.ts is all of that.
