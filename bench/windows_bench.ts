/**
 * Measures the cost of a record in the windows other than tumbling ones, as `operators_bench.ts` does: over values from
 * a prepared array, without input and output. A million records of 100,000 users, five seconds out of order.
 *
 * The best of several rounds counts, because other programs can only add to the time.
 */
import { parseArgs } from "node:util";
import { from, type MonoTypeOperatorFunction, type OperatorFunction } from "rxjs";
import { count, eventTime, seconds, sessionWindow, watermark } from "../operators/mod.ts";
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

const WINDOWS: Record<string, OperatorFunction<UserEvent, unknown>> = {
  "sessionWindow, a session of ten records for each user": sessionWindow({ key, gap: seconds(2_000), aggregate }),
  "sessionWindow, a session for each record": sessionWindow({ key, gap: seconds(60), aggregate }),
};

/** Records of all users in turn, every 7 ms, each up to five seconds behind. */
function eventsOf(records: number): UserEvent[] {
  return Array.from({ length: records }, (_, index) => ({
    user: `user-${index * 7919 % USERS}`,
    at: index * 7 - index * 31 % 5_000,
  }));
}

/** The duration of one run, in milliseconds, and how many results it had. */
function timeOf(events: readonly UserEvent[], windows: OperatorFunction<UserEvent, unknown>): [number, number] {
  let results = 0;
  const began = performance.now();
  from(events).pipe(timed, watermark({ maxOutOfOrderness: seconds(5) }), windows).subscribe(() => results++);
  const took = performance.now() - began;
  if (results === 0) throw new Error("A window emitted nothing: what was measured is not what it costs");
  return [took, results];
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: [...Deno.args],
    options: { quick: { type: "boolean" }, minutes: { type: "string" } },
  });
  const [records, rounds] = values.quick ? [300_000, 3] : [1_000_000, 7];
  const events = eventsOf(records);
  table(
    `Windows in memory, ${USERS.toLocaleString("en-US")} keys, no input and no output`,
    Object.entries(WINDOWS).map(([pipeline, windows]) => {
      const runs = Array.from({ length: rounds }, () => timeOf(events, windows));
      const [best, results] = runs.reduce((a, b) => a[0] < b[0] ? a : b);
      const rate = Math.round(records / best * 1000);
      return {
        pipeline,
        "ns a record": Math.round(best * 1e6 / records),
        "records/s": rate,
        results,
        goal: judge(`${GOAL.toLocaleString("en-US")}/s`, rate >= GOAL),
      };
    }),
  );
}
