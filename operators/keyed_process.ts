/**
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { operate } from "./_operate.ts";
import { ProcessStage, TIMER_PARTS } from "./_process_stage.ts";
import type { ProcessOptions, ProcessStateOptions } from "./_process_types.ts";
import { problemOfTtl } from "./_ttl.ts";
import type { Key } from "./keyed_state.ts";

/**
 * Calls a function for each value, with the states and timers of the value's key. States keep what they are set to
 * until it is deleted. What is set and what is read is a copy, so nothing outside can change what is kept. Timers
 * fire in the order of their times, then in the order in which they were set; one is removed before it fires.
 *
 * When the input ends, the timers of event time that are left fire, and those of processing time do not. Without a job
 * processing time is RxJS's, and its timers end with the subscription. As in Flink a timer whose time has passed already
 * fires with the next watermark. A tombstone, the value `null`, is a bad record if `key` reads its fields.
 *
 * ```text
 * event time --a1---a3------b20--|
 *            keyedProcess({ next: (_, { time, timers }) => timers.set(time + 10), timer: (time, { emit }) => ... })
 * result     ---------------a11-a13-b30|
 * ```
 *
 * @param options key, states and functions
 * @returns an operator that emits what its functions emit
 * @throws {TypeError} when `key`, `next` or `timer` is not a function, or a state is not one of `value()`, `map()` and
 * `list()`, has a reserved name or options that do not exist
 *
 * @example Orders that nobody has paid after an hour
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from } from "rxjs";
 * import { eventTime, hours, keyedProcess, minutes, typed, value, watermark } from "@tidemark/streams";
 *
 * const unpaid: string[] = [];
 * from([
 *   { order: "a", what: "placed", at: 0 },
 *   { order: "b", what: "placed", at: minutes(5) },
 *   { order: "a", what: "paid", at: minutes(50) },
 *   { order: "c", what: "placed", at: minutes(90) },
 * ]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   keyedProcess({
 *     name: "unpaid",
 *     key: (event) => event.order,
 *     state: { due: value<number>() },
 *     emits: typed<string>(),
 *     next({ what }, { state, timers, time }) {
 *       const due = state.due.get() ?? time + hours(1);
 *       if (what === "placed") {
 *         state.due.set(due);
 *         timers.set(due);
 *       } else {
 *         state.due.delete();
 *         timers.delete(due);
 *       }
 *     },
 *     timer(_time, { key, state, emit }) {
 *       state.due.delete();
 *       emit(key);
 *     },
 *   }),
 * ).subscribe((order) => unpaid.push(order));
 * assertEquals(unpaid, ["b", "c"]);
 * ```
 */
export function keyedProcess<T, K extends Key, S = Record<never, never>, R = unknown>(
  options: ProcessOptions<T, K, S, R>,
): OperatorFunction<T | null, R> {
  const { name, key, next, timer, state = {} } = options;
  const cannot = "Cannot create a keyed process:";
  if (typeof key !== "function") throw new TypeError(`${cannot} key must be a function`);
  if (typeof next !== "function") throw new TypeError(`${cannot} next must be a function`);
  if (timer !== undefined && typeof timer !== "function") throw new TypeError(`${cannot} timer must be a function`);
  if (typeof state !== "object" || state === null) throw new TypeError(`${cannot} state must be an object of states`);
  for (const [part, spec] of Object.entries(state)) {
    const wrong = problemOf(part, spec);
    if (wrong !== undefined) throw new TypeError(`${cannot} ${wrong}`);
  }

  const specs: readonly ProcessStateOptions[] = Object.values(state);
  const needsWatermark = specs.some(({ ttl }) => ttl !== undefined && ttl.clock !== "processing");

  return operate<T, R>(
    { operator: "keyedProcess", name, time: "own", keeps: true, needsWatermark, reads: key },
    (stage) => {
      const process = new ProcessStage<T, K, S, R>(stage, options);
      const { advance } = process;
      return { open: () => process.open(), next: (value) => process.run(key(value), value), advance };
    },
  );
}

/** What is wrong with a state, or `undefined`. */
function problemOf(part: string, spec: (ProcessStateOptions & { readonly kind?: unknown }) | undefined) {
  const name = JSON.stringify(part);
  if (!/^[\w-]+$/.test(part)) return `the name of state ${name} may have letters, digits, "_" and "-" only`;
  if (Object.values<string>(TIMER_PARTS).includes(part)) return `the name of state ${name} is that of the timers`;
  const kind = spec?.kind;
  if (kind !== "value" && kind !== "map" && kind !== "list") {
    const hint = typeof spec === "function"
      ? `. It is a function, as the map() of RxJS makes one: import this one's`
      : "";
    return `state ${name} must be made by value(), map() or list()${hint}`;
  }
  const { values = "copied", version = 1, migrate, ttl } = spec!;
  if (values !== "copied" && values !== "frozen") {
    return `values of state ${name} must be "copied" or "frozen", current value is ${String(values)}`;
  }
  if (!Number.isSafeInteger(version) || version < 0) {
    return `version of state ${name} must be a whole number, current value is ${String(version)}`;
  }
  const lives = problemOfTtl(ttl);
  if (lives !== undefined) return `ttl of state ${name} ${lives}`;
  return migrate === undefined || typeof migrate === "function"
    ? undefined
    : `migrate of state ${name} must be a function`;
}
