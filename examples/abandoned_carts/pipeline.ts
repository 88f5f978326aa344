/**
 * Abandoned carts: a user who has put something into the cart, and then neither changes it nor pays for half an hour,
 * gets a reminder with what is in it.
 *
 * Each change of a cart moves its timer. The timers are in the checkpoint with the carts, so a cart is neither forgotten
 * nor reminded of twice, whatever happens to the process.
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import {
  eventTime,
  keyedProcess,
  map,
  minutes,
  seconds,
  type SinkOptions,
  typed,
  value,
  watermark,
} from "@tidemark/streams";

/** The part of a connector that the pipeline uses. Every connector of Tidemark has it. */
export interface Broker {
  source<T>(topic: string): Observable<T | null>;
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/** What a user does with the cart. */
export interface CartEvent {
  readonly user: string;
  readonly what: "put" | "take out" | "pay";
  /** What is put in or taken out. */
  readonly item?: string;
  readonly timestamp_ms: number;
}

/** A cart that nobody has touched for a while. */
export interface AbandonedCart {
  readonly user: string;
  readonly items: Readonly<Record<string, number>>;
  /** When it was touched last. */
  readonly since_ms: number;
}

/** How long a cart must be left alone. */
export const LEFT_ALONE: number = minutes(30);

/** The abandoned carts of the topic `carts`, into the topic `abandoned_carts`. */
export function abandonedCarts(broker: Broker): Observable<AbandonedCart> {
  return broker.source<CartEvent>("carts").pipe(
    eventTime((event) => event.timestamp_ms),
    watermark({ maxOutOfOrderness: seconds(10) }),
    keyedProcess({
      name: "carts",
      key: (event) => event.user,
      state: { items: map<string, number>(), touched: value<number>() },
      emits: typed<AbandonedCart>(),
      next({ what, item }, { state: { items, touched }, timers, time }) {
        if (what === "pay") items.clear();
        else if (item !== undefined) {
          const count = (items.get(item) ?? 0) + (what === "put" ? 1 : -1);
          if (count > 0) items.set(item, count);
          else items.delete(item);
        }
        // The timer of the last change is no longer right. An empty cart needs none.
        const before = touched.get();
        if (before !== undefined) timers.delete(before + LEFT_ALONE);
        touched.delete();
        if (items.size === 0) return;
        const last = Math.max(before ?? time, time);
        touched.set(last);
        timers.set(last + LEFT_ALONE);
      },
      timer(time, { key, state: { items, touched }, emit }) {
        emit({ user: key, items: Object.fromEntries(items.entries().sort()), since_ms: time - LEFT_ALONE });
        items.clear();
        touched.delete();
      },
    }),
    broker.sink<AbandonedCart>("abandoned_carts", { key: (cart) => cart.user }),
  );
}
