/**
 * Pairs of two streams whose times lie within an interval.
 *
 * A value waits in the buffer of its side until the watermark says that no partner can come. A value of the other side
 * finds it there. The rules are those of Apache Flink's `IntervalJoinOperator`, with rows of one side in addition.
 *
 * Invariants:
 * - of two partners the one that comes second emits the pair, in a push of its own;
 * - a value is in its buffer, and a partner is marked as paired, before `join` is called for them.
 *
 * @module
 */
import { JoinBuffer, type JoinKey, type JoinKeys, type KeptOf } from "./_join_buffer.ts";
import type { TwoHandlers } from "./_operate.ts";
import type { Stage } from "./_stage.ts";
import type { Key } from "./keyed_state.ts";

/** What an interval join does. */
export interface IntervalRules<L, R, K extends Key, O> {
  readonly key: (left: L) => K;
  readonly rightKey: (right: R) => K;
  readonly lower: number;
  readonly upper: number;
  /** Which sides have rows of their own. */
  readonly emits: { readonly left: boolean; readonly right: boolean };
  readonly join: (left: L | undefined, right: R | undefined) => O;
  readonly frozen: boolean;
  readonly version?: number;
  readonly migrate?: (value: unknown, version: number, side: "left" | "right") => unknown;
}

/** The handlers of an interval join. */
export function intervalStage<L, R, K extends Key, O>(
  stage: Stage<O>,
  { key, rightKey, lower, upper, emits, join, frozen, version, migrate }: IntervalRules<L, R, K, O>,
): TwoHandlers<L, R> {
  const keys: JoinKeys<K, never, never> = new Map();
  const bufferOf = <V>(side: "left" | "right", keeps: number, rowOf: (value: V) => O): JoinBuffer<K, V> =>
    new JoinBuffer(stage, keys, {
      side,
      keeps: Math.max(keeps, 0),
      frozen,
      version,
      migrate: migrate && ((value, from) => migrate(value, from, side) as V),
      unpaired: emits[side] ? (value) => stage.emit(rowOf(value)) : undefined,
    });
  const lefts = bufferOf<L>("left", upper, (value) => join(value, undefined));
  const rights = bufferOf<R>("right", -lower, (value) => join(undefined, value));
  stage.side("late");
  return {
    open() {
      lefts.open();
      rights.open();
    },
    left: takeSideOf<K, L, R, O>(stage, keys, {
      key,
      own: lefts,
      others: rights,
      othersOf: ({ right }) => right,
      from: lower,
      to: upper,
      join,
    }),
    right: takeSideOf<K, R, L, O>(stage, keys, {
      key: rightKey,
      own: rights,
      others: lefts,
      othersOf: ({ left }) => left,
      from: -upper,
      to: -lower,
      join: (value, partner) => join(partner, value),
    }),
  };
}

/** One side of an interval join. */
interface IntervalSide<K extends Key, V, P, O> {
  readonly key: (value: V) => K;
  /** The values of this side. */
  readonly own: JoinBuffer<K, V>;
  /** The values of the other side, and those of one key. */
  readonly others: JoinBuffer<K, P>;
  readonly othersOf: (key: JoinKey<K, never, never>) => KeptOf<K, P> | undefined;
  /** A partner of a value at `t` is not before `t + from` and not after `t + to`. */
  readonly from: number;
  readonly to: number;
  readonly join: (value: V, partner: P) => O;
}

/** Makes the function that takes the values of one side. */
function takeSideOf<K extends Key, V, P, O>(
  stage: Stage<O>,
  keys: JoinKeys<K, never, never>,
  { key, own, others, othersOf, from, to, join }: IntervalSide<K, V, P, O>,
): (value: V) => void {
  const { scope, out } = stage;
  return (value) => {
    const by = key(value);
    const time = stage.eventTime();
    if (time < scope.watermark) return stage.late(value);
    const at = keys.get(by);
    const found = at === undefined ? undefined : othersOf(at);
    if (found === undefined) return void own.add(at, by, time, value, false);
    const end = time + to;
    let position = found.seek(time + from);
    let partner = found.at(position);
    if (partner === undefined || partner.value!.time > end) return void own.add(at, by, time, value, false);
    const kept = own.add(at, by, time, value, true);
    const { last } = others;
    let rows = 0;
    while (partner !== undefined) {
      const { namespace } = partner;
      const { time: reached, value: other } = partner.value!;
      if (reached > end) return;
      const { changes } = found;
      // A value that has come during this push was paired with this one when it came.
      if (namespace <= last) {
        others.pair(partner);
        // Each row has a value of its own, because each may be changed further down.
        const row = join(rows++ === 0 ? value : own.share(kept), others.share(other));
        if (reached > time) stage.emitAt(row, reached);
        else stage.emit(row);
        if (out.closed) return;
      }
      position = changes === found.changes ? found.after(position) : nextAfter(found, reached, namespace);
      partner = found.at(position);
    }
  };
}

/** The position after a value, in a buffer that has changed since. */
function nextAfter<K extends Key, V>(cells: KeptOf<K, V>, time: number, namespace: number): number {
  let position = cells.seek(time);
  let cell = cells.at(position);
  while (cell !== undefined && cell.value!.time === time && cell.namespace <= namespace) {
    position = cells.after(position);
    cell = cells.at(position);
  }
  return position;
}
