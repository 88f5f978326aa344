/**
 * A table in the job's KV, with epochs that are larger than an atomic, and its expected rows.
 *
 * @module
 */
import { mergeMap } from "rxjs";
import type { Event } from "../traffic.ts";
import type { Expected, KeptRow, OwnFamily } from "./family.ts";

const PRICES = "prices";
/** So many rows, each of so many characters, take two atomics. */
const MANY = 20;
const LARGE = 58_000;

export const prices: OwnFamily = {
  name: PRICES,
  share: 0.15,
  dice: 0x9c1ce5,
  kept: true,
  pipeline: (events) => events.pipe(mergeMap(rowsOf)),
  expected: (emit) => new Prices(emit),
};

/** Every fifth event writes many large rows, the one after it writes over one of them, and some delete their user's row. */
function rowsOf({ user, n }: Event): KeptRow[] {
  if (n % 5 === 4) {
    const pad = String.fromCharCode(97 + n % 26).repeat(LARGE);
    return Array.from({ length: MANY }, (_, i) => ({ user: `${user}/${i}`, n, pad }));
  }
  const row = { user, n };
  if (n % 7 === 3) return [{ ...row, gone: true }];
  return n % 5 === 0 ? [row, { user: `${user}/${n % MANY}`, n }] : [row];
}

class Prices implements Expected {
  constructor(readonly emit: (row: KeptRow) => void) {}

  add(event: Event): boolean {
    for (const row of rowsOf(event)) this.emit(row);
    return true;
  }

  end(): void {}
}
