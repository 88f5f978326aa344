/**
 * One side of `paired_bench.ts`: a pipeline of a tree. It runs a round for each byte of stdin, and writes its cost to
 * stdout, in nanoseconds a record.
 */
import { from, map, type Observable, type OperatorFunction } from "rxjs";

const RECORDS = 300_000;
const USERS = 10_000;

interface UserEvent {
  readonly user_id: string;
  readonly timestamp_ms: number;
}

const [tree, kind] = Deno.args;
// The operators of that tree, with its own types, of which this one knows nothing.
const { count, eventTime, keyedReduce, minutes, tumblingWindow, watermark } = await import(`${tree}/operators/mod.ts`);

const key = (event: UserEvent) => event.user_id;
const users = Array.from({ length: USERS }, (_, index): UserEvent => ({
  user_id: `user-${index}`,
  timestamp_ms: index * 7 % minutes(5),
}));
const events = from(Array.from({ length: RECORDS }, (_, index) => users[index % USERS]));
const timed: OperatorFunction<UserEvent, UserEvent> = eventTime((event: UserEvent) => event.timestamp_ms);
const watermarked: OperatorFunction<UserEvent, UserEvent> = watermark({ maxOutOfOrderness: minutes(5) });
const counted: OperatorFunction<UserEvent, { readonly key: string; readonly value: number }> = keyedReduce({
  ...{ name: "event-count", key, initial: 0, reduce: (total: number) => total + 1 },
});

const PIPELINES: Record<string, () => Observable<unknown>> = {
  counts: () =>
    events.pipe(timed, watermarked, counted, map(({ key, value }) => ({ user_id: key, event_count: value }))),
  windows: () =>
    events.pipe(timed, watermarked, tumblingWindow({ name: "activity", key, size: minutes(1), aggregate: count() })),
};

const pipeline = PIPELINES[kind]();

/** As `timeOf`, which an older tree may not have. */
function round(): number {
  let emitted = 0;
  const began = performance.now();
  pipeline.subscribe(() => emitted++);
  const took = performance.now() - began;
  if (emitted === 0) throw new Error("A pipeline emitted nothing: what was measured is not what it costs");
  return took * 1e6 / RECORDS;
}

const turn = new Uint8Array(1), encoder = new TextEncoder();
while (await Deno.stdin.read(turn) !== null) Deno.stdout.writeSync(encoder.encode(String(round())));
