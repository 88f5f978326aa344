/**
 * The pipeline: each order with its payments, and each order and payment that lacks the other.
 *
 * It is an ordinary RxJS Observable and does not depend on where it runs: the broker may be `memory()`, the embedded log
 * or Kafka. Both topics must be keyed by the order's id.
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import {
  type CheckTombstones,
  eventTime,
  hours,
  intervalJoin,
  lateSideOutput,
  minutes,
  type SinkOptions,
  watermark,
} from "@tidemark/streams";
import { Order, Payment } from "./schema.ts";

/** The part of a connector that the pipeline uses. Every connector of Tidemark has it. */
export interface Broker {
  source<T>(topic: string, options: CheckTombstones<T>): Observable<T>;
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/** A row of the topic `settled`. */
export interface Settled {
  readonly order_id: string;
  /** `underpaid`: a payment below the price. `unpaid`: none within an hour. `unknown`: a payment without an order. */
  readonly status: "paid" | "underpaid" | "unpaid" | "unknown";
  /** What the order costs, in cents. */
  readonly due: number | null;
  /** What was paid, in cents. */
  readonly paid: number | null;
}

/** How long before its order a payment may come by its clock, and how long after it. */
const EARLY = minutes(1), TIME_TO_PAY = hours(1);

/** The pipeline on a broker. Late orders and payments go to the topic `late`. */
export function ordersAndPayments(broker: Broker): Observable<Settled> {
  const orders = broker.source("orders", { schema: Order }).pipe(
    eventTime((order) => order.placed_ms),
    watermark({ name: "orders", maxOutOfOrderness: minutes(5) }),
  );
  const payments = broker.source("payments", { schema: Payment }).pipe(
    eventTime((payment) => payment.paid_ms),
    watermark({ name: "payments", maxOutOfOrderness: minutes(5) }),
  );
  return orders.pipe(
    intervalJoin(payments, {
      name: "settled",
      key: (order) => order.order_id,
      rightKey: (payment) => payment.order_id,
      lower: -EARLY,
      upper: TIME_TO_PAY,
      type: "full",
      join: settled,
    }),
    lateSideOutput((late) => late.pipe(broker.sink("late", { key: ({ order_id }) => order_id }))),
    broker.sink("settled", { key: ({ order_id }) => order_id }),
  );
}

function settled(order: Order | undefined, payment: Payment | undefined): Settled {
  const { order_id } = (order ?? payment)!;
  return { order_id, status: statusOf(order, payment), due: order?.cents ?? null, paid: payment?.cents ?? null };
}

function statusOf(order: Order | undefined, payment: Payment | undefined): Settled["status"] {
  if (order === undefined) return "unknown";
  if (payment === undefined) return "unpaid";
  return payment.cents < order.cents ? "underpaid" : "paid";
}
