/**
 * Measures the cost of a record in the windows other than tumbling ones, as `operators_bench.ts` does: over values from
 * a prepared array, without input and output. A million records of 100,000 users, five seconds out of order.
 *
 * The best of several rounds counts, because other programs can only add to the time.
 */
import { parseArgs } from "node:util";
import { type MonoTypeOperatorFunction, type OperatorFunction, Subject } from "rxjs";
import { count, eventTime, seconds, sessionWindow, slidingWindow, watermark } from "../operators/mod.ts";
import { judge, table } from "./support/report.ts";

const USERS = 100_000;
/** The goal for each row, in records a second. */
const GOAL = 300_000;

interface UserEvent {
  readonly user: string;
  readonly at: number;
}

const key = ({ user }: UserEvent) => user;
const timed: MonoTypeOperatorFunction<UserEvent> = eventTime(({ at }) => at);
const aggregate = count<UserEvent>();

/** Sliding windows of one slide, so that their number before the end of the input does not depend on their size. */
const sliding = (times: number) => slidingWindow({ key, size: times * seconds(600), slide: seconds(600), aggregate });
const SLIDING_1 = "slidingWindow, size / slide = 1";
const SLIDING_60 = "slidingWindow, size / slide = 60";

const WINDOWS: Record<string, OperatorFunction<UserEvent, unknown>> = {
  "sessionWindow, a session of ten records for each user": sessionWindow({ key, gap: seconds(2_000), aggregate }),
  "sessionWindow, a session for each record": sessionWindow({ key, gap: seconds(60), aggregate }),
  [SLIDING_1]: sliding(1),
  [SLIDING_60]: sliding(60),
};

/** Records of all users in turn, every 7 ms, each up to five seconds behind. */
function eventsOf(records: number): UserEvent[] {
  return Array.from({ length: records }, (_, index) => ({
    user: `user-${index * 7919 % USERS}`,
    at: index * 7 - index * 31 % 5_000,
  }));
}

/** The duration of one run until the end of the input, in milliseconds, and how many results it had until then. */
function timeOf(events: readonly UserEvent[], windows: OperatorFunction<UserEvent, unknown>): [number, number] {
  const source = new Subject<UserEvent>();
  let results = 0;
  source.pipe(timed, watermark({ maxOutOfOrderness: seconds(5) }), windows).subscribe(() => results++);
  const began = performance.now();
  for (const event of events) source.next(event);
  const took = performance.now() - began;
  const before = results;
  source.complete();
  if (results === 0) throw new Error("A window emitted nothing: what was measured is not what it costs");
  return [took, before];
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" } },
  });
  const [records, rounds] = values.quick ? [300_000, 3] : [1_000_000, 7];
  const events = eventsOf(records);
  // In turn, so that a busy machine is busy for all of them.
  const runs = Array.from({ length: rounds }, () => Object.values(WINDOWS).map((windows) => timeOf(events, windows)));
  const best = Object.keys(WINDOWS).map((_, at) => runs.map((run) => run[at]).reduce((a, b) => a[0] < b[0] ? a : b));
  table(
    `Windows in memory, ${USERS.toLocaleString("en-US")} keys, until the end of the input, no input and no output`,
    Object.keys(WINDOWS).map((pipeline, at) => {
      const [took, results] = best[at];
      const rate = Math.round(records / took * 1000);
      return {
        pipeline,
        "ns a record": Math.round(took * 1e6 / records),
        "records/s": rate,
        results,
        goal: judge(`${GOAL.toLocaleString("en-US")}/s`, rate >= GOAL),
      };
    }),
  );
  const names = Object.keys(WINDOWS);
  const times = best[names.indexOf(SLIDING_60)][0] / best[names.indexOf(SLIDING_1)][0];
  table("A record in 60 windows against a record in one", [{
    "times the cost": times,
    goal: judge("at most 1.5", times <= 1.5),
  }]);
}
