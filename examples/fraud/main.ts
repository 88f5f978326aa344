// Looks for fraud in a few payments, in memory, and prints the alerts.
//
//   deno run examples/fraud/main.ts
//
// For memory() take `kafka({ brokers })`, and for ":memory:" a file, and it is a service.
import { memory, run, seconds } from "@tidemark/streams";
import { type Alert, alerts, type Payment } from "./pipeline.ts";

const BEGIN = Date.UTC(2024, 0, 1, 12);
/** In the order in which they arrive: the theft of the second card overtakes the payment that tried it. */
const payments: [second: number, id: string, card: string, amount: number, country: string][] = [
  [0, "p1", "card 1", 0.5, "DE"],
  [60, "p2", "card 1", 800, "DE"],
  [75, "p4", "card 2", 999, "BR"],
  [70, "p3", "card 2", 0.01, "FR"],
  [120, "p5", "card 1", 650, "US"],
  [130, "p6", "card 3", 0.2, "IT"],
  [900, "p7", "card 3", 700, "US"],
];

const log = memory();
log.append(
  "payments",
  payments.map(([second, id, card, amount, country]) => {
    const timestamp_ms = BEGIN + seconds(second);
    return { key: card, value: { id, card, amount, country, timestamp_ms } satisfies Payment, timestamp: timestamp_ms };
  }),
);
log.end("payments");

await using job = await run(alerts(log), { name: "fraud", state: ":memory:", log: () => {} });
await job.finished;
for (const alert of log.read<Alert>("alerts")) {
  console.log(`${alert!.card}: ${alert!.amount} with ${alert!.payment}, after it was tried with ${alert!.trial}`);
}
