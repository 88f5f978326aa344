/** The join under test, in a process of its own: orders with the payments of their first ten minutes. */
import { eventTime, intervalJoin, minutes, run, seconds, watermark } from "../../mod.ts";
import { kafka } from "../../connectors/kafka/mod.ts";

/** An order or a payment. */
export interface Side {
  readonly order: string;
  readonly n: number;
  /** Event time, in milliseconds. */
  readonly at: number;
}

/** A row of the join: the number of an order and of a payment, `null` where there is none. */
export interface JoinRow {
  readonly order: string;
  readonly left: number | null;
  readonly right: number | null;
}

/** The task of the process. */
export interface JoinTask {
  readonly brokers: readonly string[];
  readonly orders: string;
  readonly payments: string;
  readonly output: string;
  readonly state: string;
}

/** How far event times are out of order at most, in milliseconds. */
export const DISORDER: number = seconds(5);
/** The time in which a payment belongs to its order, in milliseconds. */
export const IN_TIME: number = minutes(10);

async function main({ brokers, orders, payments, output, state }: JoinTask): Promise<void> {
  const broker = kafka({ brokers });
  const side = (topic: string) =>
    broker.source<Side>(topic, { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ name: topic, maxOutOfOrderness: DISORDER }),
    );
  const joined = side(orders).pipe(
    intervalJoin(side(payments), {
      name: "paid",
      key: ({ order }) => order,
      rightKey: ({ order }) => order,
      lower: 0,
      upper: IN_TIME,
      type: "full",
      join: (left, right): JoinRow => ({
        order: (left ?? right)!.order,
        left: left?.n ?? null,
        right: right?.n ?? null,
      }),
    }),
    broker.sink<JoinRow>(output, { key: ({ order }) => order }),
  );
  const job = await run(joined, { name: output, state, until: "end", log: (line) => console.error(`  ${line}`) });
  console.log(JSON.stringify(await job.finished));
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
