/**
 * Measures keyed processing: a million records of 100,000 keys, each of which changes a state and sets a timer, and what
 * an append costs to a key that has many elements.
 */
import { from, type Observable } from "rxjs";
import { eventTime, keyedProcess, list, minutes, seconds, value, watermark } from "../operators/mod.ts";
import { judge, type Row } from "./support/report.ts";
import { timeOf } from "./support/time_of.ts";

const KEYS = 100_000;
/** The goal for `keyedProcess` with a timer for each record, in records a second. */
const GOAL = 300_000;
/** Elements of the long list and of the short one, and how many appends are timed. */
const [LONG, SHORT, APPENDS] = [100_000, 10, 100_000];

interface Click {
  readonly user: string;
  readonly at: number;
}

/** Clicks of random users, three milliseconds apart. */
function clicks(records: number): Click[] {
  const users = Array.from({ length: KEYS }, (_, index) => `user-${index}`);
  let random = 1;
  return Array.from({ length: records }, (_, index) => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return { user: users[Math.floor(random / 2 ** 32 * KEYS)], at: 1_700_000_000_000 + 3 * index };
  });
}

/** Every record counts and sets a timer of its own, which says the count. */
function oneTimerEach(source: Observable<Click>): Observable<unknown> {
  return source.pipe(
    eventTime((click) => click.at),
    watermark({ maxOutOfOrderness: seconds(5) }),
    keyedProcess({
      name: "counts",
      key: (click) => click.user,
      state: { count: value<number>() },
      next(_, { state: { count }, timers, time }) {
        count.set((count.get() ?? 0) + 1);
        timers.set(time + minutes(10));
      },
      timer: (_, { key, state: { count }, emit }) => emit({ key, count: count.get() }),
    }),
  );
}

/** Every record moves the one timer of its key. */
function timerMoved(source: Observable<Click>): Observable<unknown> {
  return source.pipe(
    eventTime((click) => click.at),
    watermark({ maxOutOfOrderness: seconds(5) }),
    keyedProcess({
      name: "idle",
      key: (click) => click.user,
      state: { due: value<number>() },
      next(_, { state: { due }, timers, time }) {
        const before = due.get();
        if (before !== undefined) timers.delete(before);
        due.set(time + minutes(10));
        timers.set(time + minutes(10));
      },
      timer(_, { key, state: { due }, emit }) {
        due.delete();
        emit(key);
      },
    }),
  );
}

/** Measures the pipelines with timers. */
export function measureKeyed({ records = 1_000_000, rounds = 5 }: { records?: number; rounds?: number } = {}): Row[] {
  const source = from(clicks(records));
  const pipelines = { "one timer a record": oneTimerEach, "a timer of each key, moved by each record": timerMoved };
  return Object.entries(pipelines).map(([pipeline, build], index) => {
    const best = Math.min(...Array.from({ length: rounds }, () => timeOf(build(source))));
    const perSecond = Math.round(records / best * 1000);
    return {
      "keyedProcess, 100,000 keys": pipeline,
      "ns a record": Math.round(best * 1e6 / records),
      "records/s": perSecond,
      goal: index === 0 ? judge(`${GOAL.toLocaleString("en-US")}/s`, perSecond >= GOAL) : "",
    };
  });
}

/** Measures an append to a list of one key that has few elements and many. */
export function measureAppends(rounds = 5): Row[] {
  const [short, long] = [SHORT, LONG].map((size) =>
    Math.min(...Array.from({ length: rounds }, () => timeOfAppends(size))) * 1e6 / APPENDS
  );
  return [SHORT, LONG].map((elements, index) => ({
    "elements of the key": elements,
    "ns an append": Math.round([short, long][index]),
    goal: index === 0 ? "" : judge("at most twice that of 10", long <= 2 * short),
  }));
}

/** The duration of the appends, in milliseconds. Each also removes the oldest, so that the list keeps its size. */
function timeOfAppends(size: number): number {
  let began = 0;
  from(Array.from({ length: size + APPENDS }, (_, index) => index)).pipe(keyedProcess({
    key: () => "all",
    state: { events: list<number>() },
    next(index, { state: { events } }) {
      if (index === size) began = performance.now();
      events.append(index);
      if (index >= size) events.shift();
    },
  })).subscribe();
  return performance.now() - began;
}
