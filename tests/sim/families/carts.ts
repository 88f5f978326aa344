/**
 * `keyedProcess` with a state of each kind and a timer that is set anew with each event. A user's cart is bought with
 * every fifth event, or left when nothing has come for a while.
 *
 * @module
 */
import type { OperatorFunction } from "rxjs";
import { keyedProcess, list, map, typed, value } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import { ByEventTime, type OwnFamily } from "./family.ts";

const CARTS = "carts";
/** After how long a cart is left, in milliseconds of event time. */
const LEFT = 12_000;

export const carts: OwnFamily = {
  name: CARTS,
  share: 0.15,
  dice: 0xca275,
  pipeline: (events) => events.pipe(stage()),
  expected: (emit) => new Carts(emit),
};

interface Cart {
  readonly user: string;
  readonly what: "bought" | "left";
  readonly at: number;
  /** The numbers of its events, in order. */
  readonly items: readonly number[];
  /** How many events of each remainder by three. */
  readonly kinds: readonly (readonly [kind: number, count: number])[];
}

function stage(): OperatorFunction<Event | null, Cart> {
  return keyedProcess({
    name: CARTS,
    key: (event: Event) => event.user,
    state: { items: list<number>(), kinds: map<number, number>(), left: value<number>() },
    emits: typed<Cart>(),
    next({ n, time }, { key, state: { items, kinds, left }, timers, emit }) {
      items.append(n);
      kinds.set(kindOf(n), (kinds.get(kindOf(n)) ?? 0) + 1);
      const before = left.get();
      if (before !== undefined) timers.delete(before);
      left.set(Math.max(before ?? 0, time + LEFT));
      timers.set(left.get()!);
      if (n % 5 !== 0) return;
      emit({ user: key, what: "bought", at: time, items: items.values(), kinds: kinds.entries().sort() });
      timers.delete(left.get()!);
      for (const state of [items, kinds]) state.clear();
      left.delete();
    },
    timer(at, { key, state: { items, kinds, left }, emit }) {
      emit({ user: key, what: "left", at, items: items.values(), kinds: kinds.entries().sort() });
      for (const state of [items, kinds]) state.clear();
      left.delete();
    },
  });
}

/** The remainder by three. The numbers of guests are negative. */
function kindOf(n: number): number {
  return Math.abs(n) % 3;
}

/** The carts of one partition, computed in the simplest way. */
class Carts extends ByEventTime {
  readonly #open = new Map<string, { left: number; items: number[] }>();

  constructor(readonly emit: (row: Cart) => void) {
    super();
  }

  protected override take({ user, n, time }: Event): boolean {
    const cart = this.#open.get(user) ?? { left: 0, items: [] };
    this.#open.set(user, cart);
    cart.items.push(n);
    cart.left = Math.max(cart.left, time + LEFT);
    if (n % 5 === 0) this.#close(user, "bought", time);
    return true;
  }

  protected override fire(): void {
    const { watermark } = this;
    for (const [user, { left }] of [...this.#open]) if (left <= watermark) this.#close(user, "left", left);
  }

  #close(user: string, what: Cart["what"], at: number): void {
    const { items } = this.#open.get(user)!;
    this.#open.delete(user);
    const kinds = [0, 1, 2].map((kind) => [kind, items.filter((n) => kindOf(n) === kind).length] as const);
    this.emit({ user, what, at, items, kinds: kinds.filter(([, count]) => count > 0) });
  }
}
