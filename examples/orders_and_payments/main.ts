/**
 * Joins the orders of an imagined day with their payments, on a log in memory, and prints what became of them:
 *
 *     deno run examples/orders_and_payments/main.ts
 *
 * On Kafka or on the embedded log the pipeline is the same: pass another broker, and a path as the job's state.
 */
import { hours, memory, minutes, run, seconds } from "@tidemark/streams";
import { ordersAndPayments, type Settled } from "./pipeline.ts";
import type { Order, Payment } from "./schema.ts";

const MORNING = Date.UTC(2026, 2, 2, 8);

/** The records of one day: an order every minute. Most are paid within the hour, some too late, too little or never. */
export function day(count: number): { orders: Order[]; payments: Payment[] } {
  const orders: Order[] = [], payments: Payment[] = [];
  for (let n = 0; n < count; n++) {
    const order_id = `order-${n}`, cents = 500 + n * 37 % 4_000, placed_ms = MORNING + n * minutes(1);
    orders.push({ order_id, customer: `customer-${n % 7}`, cents, placed_ms });
    if (n % 10 === 3) continue;
    const paid_ms = placed_ms + (n % 10 === 7 ? hours(2) : n % 50 * seconds(50));
    payments.push({ payment_id: `payment-${n}`, order_id, cents: n % 10 === 5 ? cents - 100 : cents, paid_ms });
  }
  return { orders, payments: payments.sort((a, b) => a.paid_ms - b.paid_ms) };
}

if (import.meta.main) {
  const log = memory();
  const { orders, payments } = day(600);
  log.append("orders", orders.map((value) => ({ key: value.order_id, value, timestamp: value.placed_ms })));
  log.append("payments", payments.map((value) => ({ key: value.order_id, value, timestamp: value.paid_ms })));
  for (const topic of ["orders", "payments"]) log.end(topic);

  await using job = await run(ordersAndPayments(log), {
    name: "orders-and-payments",
    state: ":memory:",
    until: "end",
    log: () => {},
  });
  await job.finished;

  const rows = log.read<Settled>("settled");
  const statuses = Map.groupBy(rows, (row) => row!.status);
  console.table(Object.fromEntries([...statuses].sort().map(([status, rows]) => [status, { orders: rows.length }])));
}
