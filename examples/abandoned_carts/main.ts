// Runs the abandoned carts over a few events, in memory, and prints who is to be reminded of what.
//
//   deno run examples/abandoned_carts/main.ts
//
// For memory() take `kafka({ brokers })`, and for ":memory:" a file, and it is a service.
import { memory, minutes, run } from "@tidemark/streams";
import { type AbandonedCart, abandonedCarts, type CartEvent } from "./pipeline.ts";

/** Half past ten on a Monday. */
const BEGIN = Date.UTC(2024, 0, 1, 10, 30);
const events: [minute: number, user: string, what: CartEvent["what"], item?: string][] = [
  [0, "ada", "put", "pen"],
  [1, "bob", "put", "book"],
  [3, "ada", "put", "ink"],
  [5, "bob", "pay"],
  [20, "eve", "put", "lamp"],
  [25, "ada", "put", "pen"],
  [40, "eve", "take out", "lamp"],
  [80, "bob", "put", "map"],
];

const log = memory();
log.append(
  "carts",
  events.map(([minute, user, what, item]) => {
    const timestamp_ms = BEGIN + minutes(minute);
    return { key: user, value: { user, what, item, timestamp_ms } satisfies CartEvent, timestamp: timestamp_ms };
  }),
);
log.end("carts");

await using job = await run(abandonedCarts(log), { name: "carts", state: ":memory:", log: () => {} });
await job.finished;
for (const cart of log.read<AbandonedCart>("abandoned_carts")) {
  const items = Object.entries(cart!.items).map(([item, count]) => `${count} ${item}`).join(", ");
  console.log(`${cart!.user}: ${items}, since ${new Date(cart!.since_ms).toISOString()}`);
}
