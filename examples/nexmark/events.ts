/**
 * The events of an auction house, as the Nexmark benchmark defines them: persons register, open auctions and bid.
 *
 * Fields and their meaning are those of https://github.com/nexmark/nexmark, without the fields that only pad an event.
 */
import type { OperatorFunction } from "rxjs";
import { eventTime, seconds, watermark } from "@tidemark/streams";

/** A person who has registered. */
export interface Person {
  readonly kind: "person";
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
}

/** An auction that a person has opened. */
export interface Auction {
  readonly kind: "auction";
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  /** In cents, as every price. */
  readonly initialBid: number;
  readonly reserve: number;
  readonly at: number;
  /** The last millisecond at which a bid counts. */
  readonly expires: number;
  /** The id of the person. */
  readonly seller: number;
  readonly category: number;
}

/** A bid of a person in an auction. */
export interface Bid {
  readonly kind: "bid";
  /** The id of the auction. */
  readonly auction: number;
  /** The id of the person. */
  readonly bidder: number;
  readonly price: number;
  readonly at: number;
}

/** One event of the stream. */
export type NexmarkEvent = Person | Auction | Bid;

/** How far an event may be out of order. It is the bound of Nexmark's own tables. */
export const DISORDER = seconds(4);

/**
 * Gives events their event time, and generates the watermark.
 *
 * @param name the name of the watermark, where a job has several
 */
export function inEventTime<T extends NexmarkEvent>(name?: string): OperatorFunction<T, T> {
  return (events) =>
    events.pipe(
      eventTime((event) => event.at),
      watermark({ maxOutOfOrderness: DISORDER, name }),
    );
}
