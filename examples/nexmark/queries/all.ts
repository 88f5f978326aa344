/**
 * All queries, by their numbers.
 */
import type { Observable } from "rxjs";
import type { NexmarkEvent } from "../events.ts";
import { q0 } from "./q0.ts";
import { q1 } from "./q1.ts";
import { q11 } from "./q11.ts";
import { q12 } from "./q12.ts";
import { q15 } from "./q15.ts";
import { q2 } from "./q2.ts";
import { q3 } from "./q3.ts";
import { q4 } from "./q4.ts";
import { q5 } from "./q5.ts";
import { q6 } from "./q6.ts";
import { q7 } from "./q7.ts";
import { q8 } from "./q8.ts";

/** A query of the benchmark. */
export interface Query {
  readonly number: number;
  readonly name: string;
  /** The pipeline, from the events to the rows. */
  readonly of: (events: Observable<NexmarkEvent>) => Observable<unknown>;
  /** Whether it goes by the wall clock, so that its rows depend on when events arrive. */
  readonly byWallClock?: boolean;
  /** Whether it joins two streams of events, so that it subscribes to the events twice. */
  readonly joins?: boolean;
}

/** The queries. */
export const QUERIES: readonly Query[] = [
  { number: 0, name: "pass through", of: q0 },
  { number: 1, name: "currency conversion", of: q1 },
  { number: 2, name: "selection", of: q2 },
  { number: 3, name: "local item suggestion", of: q3 },
  { number: 4, name: "average price for a category", of: q4 },
  { number: 5, name: "hot items", of: q5 },
  { number: 6, name: "average selling price by seller", of: q6 },
  { number: 7, name: "highest bid", of: q7 },
  { number: 8, name: "monitor new users", of: q8, joins: true },
  { number: 11, name: "user sessions", of: q11 },
  { number: 12, name: "processing time windows", of: q12, byWallClock: true },
  { number: 15, name: "bidding statistics report", of: q15 },
];
