/** The queries of `examples/nexmark/` in jobs, for their tests. */
import type { Observable } from "rxjs";
import { memory } from "@tidemark/streams";
import type { NexmarkEvent } from "../../examples/nexmark/events.ts";
import { QUERIES, type Query } from "../../examples/nexmark/queries/all.ts";

export const queryOf = (number: number): Query => QUERIES.find((query) => query.number === number)!;

/** Rows as texts in one order. */
export const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** The query in a job: it reads the topic `nexmark` and writes the topic `rows`. */
export function inJob({ of }: Query): Observable<unknown> {
  const broker = memory();
  return of(broker.source<NexmarkEvent>("nexmark", { tombstones: "refuse" })).pipe(broker.sink("rows"));
}

/** Events as records, each with the time of the event. */
export const records = (events: readonly NexmarkEvent[]): { value: NexmarkEvent; timestamp: number }[] =>
  events.map((value) => ({ value, timestamp: value.at }));
