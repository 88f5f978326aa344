/**
 * What the shop knows of a visit besides the lists: the basket, and how many events there were at each click. The page
 * needs the latter to know which list is the answer to which click.
 */
import type { Observable } from "rxjs";
import { keyedReduce, kvTable } from "@tidemark/streams";

/** The table of the visits, by the shopper's id. */
export const VISITS = ["shop", "visits"];

/** The part of an event that a visit depends on. */
export interface VisitEvent {
  readonly user_id: string;
  readonly product_id: string;
  readonly event_type: string;
  /** The page's name of the click. Other shoppers have none. */
  readonly click?: unknown;
}

/** A visit. */
export interface Visit {
  /** How many events of the shopper there have been. */
  readonly events: number;
  /** How many pieces of each product are in the basket. */
  readonly basket: Readonly<Record<string, number>>;
  /** The last clicks, each with the number of the shopper's events up to it. */
  readonly clicks: readonly (readonly [click: string, events: number])[];
}

/** How many clicks are remembered. */
const CLICKS = 16;
/** The most pieces of one product in a basket. */
export const MOST_PIECES = 9;

/** A visit before its first event. */
export const NO_VISIT: Visit = { events: 0, basket: {}, clicks: [] };

/** Keeps each shopper's visit in the table {@linkcode VISITS}. */
export function visits(events: Observable<VisitEvent>): Observable<unknown> {
  return events.pipe(
    keyedReduce({ name: "visit", key: (event) => event.user_id, initial: NO_VISIT, reduce: afterEvent }),
    kvTable(VISITS, { key: (row) => row.key, value: (row) => row.value }),
  );
}

/** A visit after one more event. */
export function afterEvent(visit: Visit, { product_id: product, event_type: type, click }: VisitEvent): Visit {
  const events = visit.events + 1;
  const { [product]: pieces = 0, ...others } = visit.basket;
  const basket = type === "add_to_cart"
    ? { ...visit.basket, [product]: Math.min(pieces + 1, MOST_PIECES) }
    : type === "purchase" || type === "remove_from_cart"
    ? others
    : visit.basket;
  // The events of one click come together, and its last one counts.
  const clicks = typeof click === "string"
    ? [...visit.clicks.filter(([known]) => known !== click), [click, events] as const].slice(-CLICKS)
    : visit.clicks;
  return { events, basket, clicks };
}
