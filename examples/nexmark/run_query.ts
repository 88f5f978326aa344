/**
 * Runs a query in memory, over an array or the generator, without a job.
 */
import { concat, from, ignoreElements, map, mergeMap, type Observable, Subject, takeWhile, timer } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { seconds } from "@tidemark/streams";
import type { NexmarkEvent } from "./events.ts";
import type { Query } from "./queries/all.ts";

/** How long the windows of the wall clock are, at most. */
const LONGEST_WINDOW = seconds(10);

/** Options of {@linkcode runQuery}. */
export interface RunQueryOptions {
  /** How many events arrive in a second, for a query that goes by the wall clock. @default 10_000 */
  readonly perSecond?: number;
  /** Called for each row. */
  readonly row: (row: unknown) => void;
}

/**
 * Runs a query over all events. Returns when the last row is out.
 *
 * The events of a query that goes by the wall clock arrive on RxJS's virtual time, as many a second as the options say.
 * So it need not wait, and gives the same rows each time.
 */
export function runQuery(
  query: Query,
  events: Iterable<NexmarkEvent>,
  { perSecond = 10_000, row }: RunQueryOptions,
): void {
  const failures: unknown[] = [];
  const run = (stream: Observable<NexmarkEvent>): void => {
    query.of(stream).subscribe({ next: row, error: (error) => failures.push(error) });
  };
  if (query.byWallClock === true) new TestScheduler(() => {}).run(() => run(inVirtualTime(events, perSecond)));
  else if (query.joins === true) inTurn(events, run);
  else run(from(events));
  if (failures.length > 0) throw failures[0];
}

/** A join subscribes twice. From a Subject, both of its sides get the events in the order in which they come. */
function inTurn(events: Iterable<NexmarkEvent>, run: (stream: Observable<NexmarkEvent>) => void): void {
  const stream = new Subject<NexmarkEvent>();
  run(stream);
  for (const event of events) stream.next(event);
  stream.complete();
}

/** The events at their rate. Those of a second come at once. The stream ends when the last windows are over. */
function inVirtualTime(events: Iterable<NexmarkEvent>, perSecond: number): Observable<NexmarkEvent> {
  const rest = events[Symbol.iterator]();
  return concat(
    timer(0, seconds(1)).pipe(
      map(() => nextOf(rest, Math.max(1, Math.round(perSecond)))),
      takeWhile((batch) => batch.length > 0),
      mergeMap((batch) => batch),
    ),
    timer(LONGEST_WINDOW).pipe(ignoreElements()),
  );
}

function nextOf<T>(rest: Iterator<T>, count: number): T[] {
  const batch: T[] = [];
  while (batch.length < count) {
    const { done, value } = rest.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}
