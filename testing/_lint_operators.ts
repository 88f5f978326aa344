/**
 * RxJS operators that cannot stand between two stages: the reason for each, and what to write instead.
 *
 * @module
 */

/**
 * Why an operator cannot stand between two stages:
 * - `remembers`: it keeps state that is in no checkpoint;
 * - `asynchronous`: it emits values after their push, outside of their epoch;
 * - `later`: it subscribes its source, or emits a value, before or after its time: not while the pipeline is bound, or
 *   not while a record is pushed.
 */
export type Reason = "remembers" | "asynchronous" | "later";

/** The objection to an operator. */
export interface Objection {
  readonly reason: Reason;
  /** What to write instead, as the rest of a sentence. */
  readonly cure: string;
}

const REDUCE = "keep it with keyedReduce({ name, key, initial, reduce })";
const WINDOW = "collect with tumblingWindow({ name, key, size, aggregate }), whose time is event time";
const LAST =
  "keep the last value with keyedReduce({ name, key, initial, reduce }) and pass over with filter() what is not new";
const ENDS = "pass values over with filter(), and end a job with job.stop() or the signal option of run()";
const BEGINS = "pass values over with filter(), and say where a new job begins with the from option of run()";
const SHARE = "remove it, for a job shares its sources by itself";
const KEYS = "give the stages below the key option instead of a stream for each key";
const JOIN = "merge() the streams into one keyedReduce({ name, key, initial, reduce }) that keeps the newest of each";
const TIME = "take the record's own time with recordInfo().timestamp";
const CALL = "call services with asyncMap(fn, { name }), and keep synchronous operators between the stages";
const QUIET = "remove it, for values must be processed when their record is pushed";
const RETRY = "remove it, for a job that stops is started again and goes on from its checkpoint";
const CATCH = "remove it, and give run() the option onError: deadLetter(sink)";
const FIRST = "write such values to a topic and merge() its source";
const MERGE = "use merge(), for all sources are read from the start";

/** Operators of RxJS. */
export const OPERATORS: ReadonlyMap<string, Objection> = table([
  [
    "remembers",
    REDUCE,
    "scan reduce mergeScan switchScan count max min toArray pairwise bufferCount windowCount expand every",
  ],
  ["remembers", WINDOW, "buffer bufferToggle bufferWhen window windowToggle windowWhen"],
  ["remembers", LAST, "distinct distinctUntilChanged distinctUntilKeyChanged sequenceEqual"],
  [
    "remembers",
    ENDS,
    "take takeLast takeUntil takeWhile first last single elementAt find findIndex isEmpty throwIfEmpty defaultIfEmpty",
  ],
  ["remembers", BEGINS, "skip skipLast skipUntil skipWhile"],
  [
    "remembers",
    SHARE,
    "share shareReplay publish publishReplay publishLast publishBehavior multicast connect refCount",
  ],
  ["remembers", KEYS, "groupBy"],
  ["remembers", JOIN, "withLatestFrom combineLatestWith combineLatestAll zipWith zipAll"],
  ["asynchronous", TIME, "timestamp timeInterval"],
  ["asynchronous", WINDOW, "bufferTime windowTime"],
  [
    "asynchronous",
    QUIET,
    "delay delayWhen observeOn subscribeOn debounce debounceTime throttle throttleTime audit auditTime sample sampleTime",
  ],
  ["asynchronous", QUIET, "timeout timeoutWith"],
  ["later", RETRY, "retry retryWhen repeat repeatWhen"],
  ["later", CATCH, "catchError onErrorResumeNextWith"],
  ["later", FIRST, "startWith endWith"],
  ["later", MERGE, "concatWith concatAll raceWith"],
]);

/** Functions of RxJS that create a stream from several streams or from none. */
export const CREATORS: ReadonlyMap<string, Objection> = table([
  ["remembers", JOIN, "combineLatest zip forkJoin"],
  ["later", MERGE, "concat race defer iif"],
]);

/** Operators whose function may be asynchronous. */
export const MAPPERS: ReadonlySet<string> = new Set(["mergeMap", "concatMap", "switchMap", "exhaustMap", "flatMap"]);

/** Operators that count values and pass the index to their function. */
export const INDEXED: ReadonlySet<string> = new Set([...MAPPERS, "map", "filter"]);

/** The objection to a function that uses the index. */
export const COUNTS: Objection = {
  reason: "remembers",
  cure: "take recordInfo().offset, or count with keyedReduce({ name, key, initial, reduce }), instead of its index",
};

/** The objection to a function that returns a promise. */
export const PROMISES: Objection = { reason: "asynchronous", cure: CALL };

/**
 * Functions of RxJS whose streams no job can read. A pipeline on one of them has no checkpoint, so the rules do not
 * apply.
 */
export const BARE: ReadonlySet<string> = new Set(
  "from of range interval timer generate fromEvent EMPTY NEVER throwError Subject BehaviorSubject ReplaySubject Observable"
    .split(" "),
);

const WHY: Readonly<Record<Reason, string>> = {
  remembers: "remembers what is in no checkpoint, and forgets it when the process dies",
  asynchronous: "goes by the wall clock or comes back later, outside of the epoch of its record",
  later: "is not there when the pipeline is bound, so no stage below can attach to its source",
};

/** The message of a finding. */
export function messageOf(name: string, { reason, cure }: Objection): string {
  return `${name}() between the stages of a Tidemark pipeline ${WHY[reason]}: ${cure}.`;
}

function table(rows: readonly (readonly [reason: Reason, cure: string, names: string])[]): Map<string, Objection> {
  return new Map(
    rows.flatMap(([reason, cure, names]) => names.split(" ").map((name) => [name, { reason, cure }] as const)),
  );
}
