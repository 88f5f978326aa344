/**
 * Fraud by sequence: a stolen card is tried with a very small payment, and soon after that it pays a large amount in
 * another country. The pattern is that of Apache Flink's tutorial "Fraud Detection with the DataStream API", with the
 * country added.
 *
 * The order of the payments decides, and they do not arrive in order. So each payment waits for the watermark: a timer at
 * its own time takes it up when all earlier ones have come.
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import {
  eventTime,
  keyedProcess,
  map,
  minutes,
  seconds,
  type SinkOptions,
  typed,
  value,
  watermark,
} from "@tidemark/streams";

/** The part of a connector that the pipeline uses. Every connector of Tidemark has it. */
export interface Broker {
  source<T>(topic: string): Observable<T | null>;
  sink<T>(topic: string, options?: SinkOptions<T>): MonoTypeOperatorFunction<T>;
}

/** A payment with a card. */
export interface Payment {
  readonly id: string;
  readonly card: string;
  readonly amount: number;
  readonly country: string;
  readonly timestamp_ms: number;
}

/** A payment that looks like fraud, and the one that tried the card. */
export interface Alert {
  readonly card: string;
  readonly trial: string;
  readonly payment: string;
  readonly amount: number;
}

/** Below this amount a payment tries a card; from the other on it is large. */
export const SMALL = 1;
export const LARGE = 500;
/** How long after a trial a large payment is suspicious. */
export const SOON: number = minutes(10);

/** Alerts for the payments of the topic `payments`, into the topic `alerts`. */
export function alerts(broker: Broker): Observable<Alert> {
  return broker.source<Payment>("payments").pipe(
    eventTime((payment) => payment.timestamp_ms),
    watermark({ maxOutOfOrderness: seconds(30) }),
    keyedProcess({
      name: "fraud",
      key: (payment) => payment.card,
      state: {
        waiting: map<string, Payment>(),
        // What has expired is not seen any more, so nobody has to compare times.
        trial: value<Payment>({ ttl: { after: SOON } }),
      },
      emits: typed<Alert>(),
      next(payment, { state: { waiting }, timers, time }) {
        waiting.set(payment.id, payment);
        timers.set(time);
      },
      timer(time, { key, state: { waiting, trial }, emit }) {
        const due = waiting.values().filter((payment) => payment.timestamp_ms === time);
        for (const payment of due.sort((one, other) => one.id < other.id ? -1 : 1)) {
          waiting.delete(payment.id);
          const tried = trial.get();
          if (payment.amount < SMALL) trial.set(payment);
          else if (tried !== undefined && payment.amount >= LARGE && payment.country !== tried.country) {
            emit({ card: key, trial: tried.id, payment: payment.id, amount: payment.amount });
            trial.delete();
          }
        }
      },
    }),
    broker.sink<Alert>("alerts", { key: (alert) => alert.card }),
  );
}
