/** Why a result has not come: one case for each reason, in the words that a user reads. */
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, type Observable, tap } from "rxjs";
import {
  asyncMap,
  count,
  eventTime,
  type Explanation,
  intervalJoin,
  memory,
  minutes,
  repartition,
  seconds,
  tumblingWindow,
  watermark,
  type WatermarkOptions,
} from "@tidemark/streams";
import { testPipeline } from "@tidemark/streams/testing";

interface Order {
  readonly user: string;
  readonly at: number;
}

const noon = Date.UTC(2026, 0, 5, 12);
const key = ({ user }: Order) => user;
const broker = memory();
const TWO = { start: noon, tasks: "single", partitions: 2 } as const;

const activity = () => tumblingWindow({ name: "activity", key, size: minutes(1), aggregate: count<Order>() });

function orders(
  options: Partial<WatermarkOptions<Order>> = {},
  between: (values: Observable<Order>) => Observable<Order> = (values) => values,
): Observable<unknown> {
  return between(broker.source<Order>("orders", { tombstones: "refuse" })).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: minutes(5), ...options } as WatermarkOptions<Order>),
    activity(),
    broker.sink("counts"),
  );
}

/** An order so many milliseconds after noon. */
function order(after: number, partition = 0) {
  return { value: { user: "ada", at: noon + after }, key: "ada", partition, timestamp: noon + after };
}

function only(explanations: readonly Explanation[]): Explanation {
  assertEquals(explanations.length, 1, explanations.map(({ sentence }) => sentence).join("\n"));
  return explanations[0];
}

const IDLE_AFTER =
  "Give watermark() an idleAfter, such as idleAfter: minutes(1), so that a quiet partition stops holding time back";

describe("job.explain()", () => {
  it("is empty when no result waits", async () => {
    await using test = await testPipeline(orders(), { start: noon });
    assertEquals(await test.explain(), []);
    assertEquals(await test.explain("activity"), []);
  });

  it("refuses a stage that the job has not", async () => {
    await using test = await testPipeline(orders(), { start: noon });
    await assertRejects(() => test.explain("payments"), RangeError, 'has no stage "payments"; it has "activity"');
  });

  it("names the partition that has had no record, and the cure", async () => {
    await using test = await testPipeline(orders(), TWO);
    await test.push("orders", [order(0), order(minutes(9))]);
    const why = only(await test.explain("activity"));
    assertEquals(why, {
      ...{ stage: "activity", operator: "tumblingWindow", task: 0, reason: "nothing read yet", sideReason: undefined },
      ...{ window: { start: noon, end: noon + minutes(1) }, waiting: 2, watermark: undefined },
      needs: noon + minutes(6),
      holder: { topic: "orders", partition: 1, lastEvent: undefined, raisedBy: undefined },
      moment: undefined,
      cure: `${IDLE_AFTER}; or give the topic fewer partitions`,
      sentence:
        "activity: window [12:00:00, 12:01:00) waits: orders/1 has no record at all; no idleAfter is set, so it " +
        "holds time for ever",
    });
  });

  it("tells since when a partition is quiet, its last event, and the event that would do", async () => {
    await using test = await testPipeline(orders(), TWO);
    await test.push("orders", [order(0), order(minutes(9)), order(seconds(12), 1)]);
    await test.advance(minutes(7));
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: window [12:00:00, 12:01:00) waits: orders/1: last event 12:00:12 (offset 0), quiet for 7 min; no idleAfter " +
        "is set, so it fires with an event at or after 12:06:00",
    );
    assertEquals(why.holder, { topic: "orders", partition: 1, lastEvent: noon + seconds(12), raisedBy: 0 });
    assertEquals([why.reason, why.needs, why.moment, why.cure], ["quiet", noon + minutes(6), undefined, IDLE_AFTER]);
  });

  it("tells when a quiet partition stops holding time back, and then it does", async () => {
    await using test = await testPipeline(orders({ idleAfter: minutes(10) }), TWO);
    await test.push("orders", [order(0), order(minutes(9)), order(seconds(12), 1)]);
    await test.advance(minutes(7));
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: window [12:00:00, 12:01:00) waits: orders/1: last event 12:00:12 (offset 0), quiet for 7 min; leaves the " +
        "minimum in 3 min",
    );
    assertEquals([why.reason, why.moment], ["soon idle", noon + minutes(10)]);
    assertEquals(why.cure, "Wait; a smaller idleAfter fires sooner");
  });

  it("tells when the result can come at the earliest", async () => {
    await using test = await testPipeline(orders(), { start: noon });
    await test.push("orders", order(seconds(30)));
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: window [12:00:00, 12:01:00) waits: not due: the bound is 5 min, so it fires at about 12:06:00",
    );
    assertEquals([why.reason, why.moment, why.needs], ["not its time", noon + minutes(6), noon + minutes(6)]);
    assertEquals(why.cure, "A smaller maxOutOfOrderness fires sooner, and makes more records late");
  });

  it("counts the records that wait, while they are read", async () => {
    const seen: Promise<readonly Explanation[]>[] = [];
    const look = (values: Observable<Order>) =>
      values.pipe(tap(({ at }) => at === noon + 2 ? seen.push(test.explain("activity")) : undefined));
    const test = await testPipeline(orders({}, look), { start: noon });
    await test.push("orders", [order(0), order(1), order(2), order(3), order(4)]);
    const why = only(await seen[0]);
    assertEquals(why.sentence, "activity: window [12:00:00, 12:01:00) waits: 2 records of orders/0 wait");
    assertEquals([why.reason, why.moment], ["behind", undefined]);
    await test[Symbol.asyncDispose]();
  });

  it("tells what holds reading back", async () => {
    const answers: (() => void)[] = [];
    const asks = (value: Order) => new Promise<Order>((resolve) => answers.push(() => resolve(value)));
    const slow = asyncMap(asks, { name: "enrich", concurrency: 1 });
    const pipeline = broker.source<Order>("orders", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      slow,
      activity(),
      broker.sink("counts"),
    );
    const test = await testPipeline(pipeline, { start: noon });
    const pushed = test.push("orders", [order(0), order(1), order(minutes(2))]);
    await answered(answers, 1);
    answers[0]();
    await answered(answers, 2);
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      'activity: window [12:00:00, 12:01:00) waits: 1 record of orders/0 waits: reading waits for asyncMap "enrich", which ' +
        "can take no more records until it has answers",
    );
    assertEquals([why.reason, why.cure], ["held back", "Look at how long commits, publishing and calls take"]);
    answers[1]();
    await answered(answers, 3);
    answers[2]();
    await pushed;
    await test[Symbol.asyncDispose]();
  });

  it("names the record that has moved time too far ahead, and counts what is late since", async () => {
    await using test = await testPipeline(orders({ maxOutOfOrderness: seconds(10) }), { start: noon });
    await test.push("orders", [order(0), order(minutes(200)), order(1), order(2)]);
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: orders/0@1 said 15:20:00 and moved time on by 3 h 20 min; since then 2 values are late",
    );
    assertEquals([why.reason, why.moment], ["too far ahead", noon + minutes(200)]);
    assertEquals(why.holder, { topic: "orders", partition: 0, lastEvent: noon + minutes(200), raisedBy: 1 });
    assertEquals(
      why.cure,
      "Let the source's schema refuse such times, and give onBadRecord a deadLetter(sink); start the job with reset to " +
        "process its input anew",
    );
  });

  it("says of event times before 1973 that they are most likely in seconds", async () => {
    await using test = await testPipeline(orders(), { start: noon });
    const at = noon / 1000;
    await test.push("orders", { value: { user: "ada", at }, key: "ada", timestamp: noon });
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: window [1970-01-21 11:00:00, 1970-01-21 11:01:00) waits: orders/0: last event 1970-01-21 11:00:14.400 (offset 0); " +
        "an event time before 1973 is most likely one in seconds",
    );
    assertEquals([why.reason, why.needs], ["early time", Date.UTC(1970, 0, 21, 11, 6)]);
    assertEquals(
      why.cure,
      "Event times are milliseconds since 1970: where the data counts in seconds, give eventTime((value) => value.at * " +
        "1000), and start the job with reset to process its input anew",
    );
  });

  it("says of one value from before 1973 among others that its time is most likely in seconds", async () => {
    await using test = await testPipeline(orders(), { start: noon });
    const wrong = { value: { user: "ada", at: noon / 1000 }, key: "ada", timestamp: noon };
    await test.push("orders", [order(0), order(minutes(6)), wrong]);
    const { lateRecords: [{ sentence }], stages: [{ keptBy }] } = await test.details();
    assertEquals(
      sentence,
      "orders/0@2 (1970-01-21 11:00:14.400) was late by 20438 d 1 h for [1970-01-21 11:00:00, 1970-01-21 11:01:00): " +
        "orders/0@1 (12:06:00) had closed it 0 ms before; its time is most likely in seconds",
    );
    assertEquals(
      keptBy?.sentence,
      "activity: one was late by 20438 d 1 h, so its time is most likely in seconds: event times are milliseconds since 1970",
    );
  });

  it("names the input of a join that is behind the other", async () => {
    const of = (topic: string) =>
      broker.source<Order>(topic, { tombstones: "refuse" }).pipe(
        eventTime(({ at }) => at),
        watermark({ maxOutOfOrderness: 0 }),
      );
    const joined = of("orders").pipe(
      intervalJoin(of("payments"), {
        ...{ name: "paid", key, rightKey: key, lower: 0, upper: minutes(1) },
        join: (left: Order) => left,
      }),
      activity(),
      map(({ value }) => value),
      broker.sink("counts"),
    );
    await using test = await testPipeline(joined, { start: noon });
    await test.push("orders", [order(0), order(minutes(9))]);
    await test.push("payments", order(seconds(12)));
    await test.advance(minutes(20));
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      "activity: window [12:00:00, 12:01:00) waits: its input payments is behind the others: payments/0: last event " +
        "12:00:12 (offset 0), quiet for 20 min; no idleAfter is set, so it fires with an event at or after 12:01:00",
    );
    assertEquals([why.reason, why.sideReason], ["other side", "quiet"]);
  });

  it("counts the tasks in which the same window has fired", async () => {
    await using test = await testPipeline(orders({ maxOutOfOrderness: 0 }), { start: noon, partitions: 2 });
    await test.push("orders", [
      { ...order(0, 0), key: "bob", value: { user: "bob", at: noon } },
      { ...order(minutes(2), 0), key: "bob", value: { user: "bob", at: noon + minutes(2) } },
      order(seconds(12), 1),
    ]);
    await test.advance(minutes(5));
    const [first] = (await test.explain("activity")).filter(({ task }) => task === 1);
    assertEquals(
      first.sentence,
      "activity: window [12:00:00, 12:01:00) has fired in 1 of 2 tasks; task 1 waits: orders/1: last event 12:00:12 (offset 0), " +
        "quiet for 5 min; no idleAfter is set, so it fires with an event at or after 12:01:00",
    );
  });

  it("names the task that holds time back behind a hop", async () => {
    const pipeline = broker.source<Order>("orders", { tombstones: "refuse" }).pipe(
      eventTime(({ at }) => at),
      watermark({ maxOutOfOrderness: 0 }),
      repartition({ name: "by-user", key, partitions: 1 }),
      activity(),
      broker.sink("counts"),
    );
    await using test = await testPipeline(pipeline, { start: noon, partitions: 2 });
    await test.push("orders", [order(0), order(minutes(9))]);
    await test.advance(seconds(10));
    const why = only(await test.explain("activity"));
    assertEquals(
      why.sentence,
      'activity: window [12:00:00, 12:01:00) of task 0 waits: task 1, whose values go through repartition "by-user", holds ' +
        "time: orders/1 has no record at all; no idleAfter is set, so it holds time for ever",
    );
    assertEquals([why.reason, why.cure], ["nothing read yet", `${IDLE_AFTER}; or give the topic fewer partitions`]);
    assertEquals([why.task, why.holder?.partition], [0, 1]);
  });

  it("gives the failure of a job that has stopped", async () => {
    const broken = (values: Observable<Order>) =>
      values.pipe(map((value) => {
        if (value.at === noon + 1) throw new Error("no such product");
        return value;
      }));
    const test = await testPipeline(orders({}, broken), { start: noon });
    await assertRejects(() => test.push("orders", [order(0), order(1)]), Error, "no such product");
    const why = only(await test.explain("activity"));
    assertEquals([why.reason, why.cure], [
      "stopped",
      "Correct the cause and start the job again; it goes on where it was",
    ]);
    assertEquals(
      why.sentence,
      "Job test stopped at orders/0@1 in eventTime: no such product. Correct the function, or give onError a " +
        "deadLetter(sink), and start the job again.",
    );
    await test[Symbol.asyncDispose]();
  });
});

/** Waits until so many calls were made. */
async function answered(answers: readonly unknown[], calls: number): Promise<void> {
  while (answers.length < calls) await Promise.resolve();
}
