import { filter, type Observable } from "rxjs";
import { keyedProcess, list, typed, value } from "@tidemark/streams";
import type { NexmarkEvent } from "../events.ts";

/** A row of query 3. */
export interface LocalItem {
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly auction: number;
}

const CATEGORY = 10;
const LOCAL: ReadonlySet<string> = new Set(["OR", "ID", "CA"]);

/**
 * Query 3, local item suggestion: who sells in Oregon, Idaho or California in category 10, and in which auctions.
 *
 * An incremental join of auctions with their sellers. An auction waits for a seller who has not registered yet. As in
 * a join of SQL without windows, a seller is kept for good.
 */
export function q3(events: Observable<NexmarkEvent>): Observable<LocalItem> {
  return events.pipe(
    filter((event) => event.kind === "person" || (event.kind === "auction" && event.category === CATEGORY)),
    filter((event) => event.kind !== "bid"),
    keyedProcess({
      name: "q3",
      key: (event) => event.kind === "person" ? event.id : event.seller,
      state: { seller: value<Omit<LocalItem, "auction">>(), waiting: list<number>() },
      emits: typed<LocalItem>(),
      next(event, { state: { seller, waiting }, emit }) {
        if (event.kind === "auction") {
          const known = seller.get();
          if (known === undefined) waiting.append(event.id);
          else if (LOCAL.has(known.state)) emit({ ...known, auction: event.id });
          return;
        }
        const { name, city, state } = event;
        seller.set({ name, city, state });
        if (LOCAL.has(state)) { for (const auction of waiting.values()) emit({ name, city, state, auction }); }
        waiting.clear();
      },
    }),
  );
}
