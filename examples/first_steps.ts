// First steps with Tidemark: an array in, windows and late records out, with no service and no permission.
//
//   deno run examples/first_steps.ts
//
// In a Deno notebook, make a cell of each part that a `// %%` begins.

// %% A stream is an RxJS Observable, and Tidemark's stages are RxJS operators.
import { from, map, tap } from "rxjs";
import { count, eventTime, lateSideOutput, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";

// %% Clicks, in the order in which they came. `at` is when they happened, in milliseconds: the two are not the same.
const clicks = [
  { user: "ada", at: seconds(10) },
  { user: "bob", at: seconds(55) },
  { user: "ada", at: seconds(65) },
  { user: "ada", at: seconds(40) }, // Out of order, and in time: its minute is still open.
  { user: "bob", at: seconds(95) }, // All of the first 85 s is there now, so the first minute is over: its counts come out.
  { user: "bob", at: seconds(50) }, // After its minute, yet within the allowed lateness: the count comes again, corrected.
  { user: "ada", at: seconds(170) }, // Now the second minute is over, and the first one closed for good.
  { user: "bob", at: seconds(20) }, // Too late.
];

// %% How many clicks has each user a minute?
const results: { user: string; minute: number; clicks: number; pane: string }[] = [];
const tooLate: { user: string; at: number }[] = [];

const clicksPerMinute = from(clicks).pipe(
  // The clock of this stream is in the clicks, not on the wall.
  eventTime((click) => click.at),
  // No click comes ten seconds after one that happened later: whatever is older than that is all there.
  watermark({ maxOutOfOrderness: seconds(10) }),
  // So there is a moment at which a minute is over. For half a minute more, stragglers correct its counts.
  tumblingWindow({ key: (click) => click.user, size: minutes(1), allowedLateness: seconds(30), aggregate: count() }),
  // What comes even later is not lost: it is a stream of its own.
  lateSideOutput((late) => late.pipe(tap((click) => tooLate.push(click)))),
  // Between the stages flow plain values, so every operator of RxJS fits in.
  map(({ key, window, value, pane }) => ({ user: key, minute: window.start / minutes(1), clicks: value, pane })),
);

// Nothing has happened yet: a pipeline is a plan, and subscribing runs it. The end of the array is the end of time.
clicksPerMinute.subscribe((result) => results.push(result));

// %% Results in the order in which they came; `late` panes correct the `onTime` ones before them.
console.table(results);

// %% And what was too late.
console.table(tooLate);

// %% From here on: name the stages, take `kafka({ brokers }).source("clicks")` for the array, end the pipeline in a `sink()`, and
// `run()` it. examples/recommendations/pipeline.ts is all of that.
