/** A wall clock that somebody sets, hours forward and backward, while a job runs. */
import { assertEquals } from "@std/assert";
import { count, eventTime, memory, minutes, seconds, tumblingWindow, watermark } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { map } from "rxjs";
import { type Clock, systemClock } from "../base/clock.ts";
import { runWith } from "../runtime/run.ts";
import { UnavailableError } from "../state/errors.ts";
import { Retry } from "../state/retry.ts";
import { describe } from "./support/crash/compare.ts";
import { pipelines } from "./support/crash/job.ts";
import { KafkaWorld } from "./support/crash/kafka_world.ts";
import { ManualClock, until } from "./support/jobs.ts";
import { brokers, ignore } from "./support/kafka.ts";

const HOUR = 3_600_000;
const silent = { log: () => {} };

Deno.test({
  name: "a clock that jumps hours forward and backward all the time changes no result",
  ignore,
  async fn() {
    await using world = await KafkaWorld.create({ seed: 71, partitions: 2, brokers });
    const { job: name, state, topics } = world.base;
    let asked = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + [0, 7, -5, 30, -48][asked++ % 5] * HOUR };
    await world.append(1500);
    const first = await runWith(pipelines(kafka({ brokers }), topics, () => {}), { name, state, ...silent }, clock);
    await until("some results", () => (first.metrics.snapshot().outputs[topics.counts] ?? 0) > 0, first);
    await first.stop();
    await world.append(1500);
    const options = { name, state, until: "end", ...silent } as const;
    const second = await runWith(pipelines(kafka({ brokers }), topics, () => {}), options, clock);
    assertEquals(await second.finished, { reason: "finished" });
    assertEquals(describe(await world.differences()), "no difference");
  },
});

Deno.test("a quiet partition is idle when time has passed, not when somebody sets the wall clock", async () => {
  const manual = new ManualClock();
  let jump = 0;
  const clock: Clock = { ...manual, now: () => manual.now() + jump };
  const log = memory({ now: manual.now });
  const at = manual.now();
  const windows = log.source<number>("visits").pipe(
    eventTime((time) => time),
    watermark({ maxOutOfOrderness: 0, idleAfter: seconds(30) }),
    tumblingWindow({ name: "visits", key: () => "all", size: minutes(1), aggregate: count() }),
    map(({ value }) => value),
    log.sink("counts"),
  );
  log.append("visits", [{ value: at }]);
  const job = await runWith(windows, { name: "visits", state: ":memory:", ...silent }, clock);
  await manual.advance(1000);
  for (const hours of [5, -5, 100]) {
    jump = hours * HOUR;
    await manual.advance(seconds(5));
    assertEquals(log.read("counts"), []);
  }
  await manual.advance(minutes(2));
  assertEquals(log.read("counts"), [1]);
  // A record that is no older than that clock says is not late for all the jumps.
  log.append("visits", [{ value: at + minutes(10) }]);
  await manual.advance(1000);
  assertEquals(job.metrics.snapshot().late, 0);
  const stopping = job.stop();
  await manual.advance(1000);
  await stopping;
});

Deno.test("a store that is away is waited for as long as was said, however the wall clock is set meanwhile", async () => {
  let jump = 0, elapsed = 0;
  const sleep = (ms: number) => Promise.resolve(void (elapsed += ms));
  const clock = { now: () => elapsed + jump, elapsed: () => elapsed, sleep, random: () => 0.5 };
  const retry = new Retry({ clock, patience: 10_000 });
  const away = new UnavailableError("The store is away");
  let failed: unknown;
  while (failed === undefined) {
    jump += HOUR;
    await retry.after(away).catch((error) => failed = error);
  }
  assertEquals(failed, away);
  assertEquals(elapsed > 8_000 && elapsed <= 10_000, true);
});
