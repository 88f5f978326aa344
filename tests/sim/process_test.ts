/** A simulated process: what is delivered to it, and when. */
import { assertEquals, assertRejects } from "@std/assert";
import { KvStore, UnavailableError } from "../../state/mod.ts";
import type { CallAct } from "./faults.ts";
import { SimKv } from "./kv.ts";
import { SimClock, SimProcess } from "./process.ts";
import { seeded } from "../../base/random.ts";
import { Scheduler } from "./scheduler.ts";
import { BEGIN, Trace } from "./trace.ts";

/** A process whose first request meets a fault. */
function processWith(act: CallAct | undefined) {
  const scheduler = new Scheduler(BEGIN);
  const killed: number[] = [];
  let acts = act === undefined ? [] : [act];
  const process = new SimProcess({
    ...{ name: "one", scheduler, random: seeded(1), trace: new Trace(() => scheduler.now, true) },
    fault: () => acts.splice(0, 1)[0],
    killed: (restart) => killed.push(restart),
    asked: () => acts = [],
  });
  const effects: number[] = [];
  const call = () =>
    process.call("ask", () => effects.push(scheduler.now), () => new Error("nobody knows what became of it"));
  return { scheduler, process, killed, effects, call, clock: new SimClock(process) };
}

/** Lets virtual time pass. */
async function pass(scheduler: Scheduler, ms: number): Promise<void> {
  let passed = false;
  scheduler.after(ms, () => passed = true);
  await scheduler.drive(() => passed, Infinity);
}

Deno.test("SimProcess gets an answer after the request and the reply have travelled", async () => {
  const { scheduler, effects, call } = processWith(undefined);
  let told: number | undefined;
  call().then((count) => told = count);
  await pass(scheduler, 0);
  assertEquals([effects.length, told], [0, undefined]);
  await pass(scheduler, 100);
  assertEquals([effects.length, told], [1, 1]);
});

Deno.test("SimProcess that is killed is told nothing more, though its request may still take effect", async () => {
  const { scheduler, process, killed, effects, call, clock } = processWith({
    ...{ do: "kill", when: "asking", restart: 7, late: 1000 },
  });
  const told: string[] = [];
  clock.after(5, () => told.push("a timer"));
  call().then(() => told.push("an answer"), () => told.push("an error"));
  assertEquals([process.alive, killed], [false, [7]]);
  await pass(scheduler, 500);
  assertEquals(effects.length, 0);
  await pass(scheduler, 5000);
  assertEquals([effects.length, told], [1, []]);
});

Deno.test("SimProcess that stands still gets its answers and its timers when it goes on", async () => {
  const { scheduler, effects, call, clock } = processWith({ do: "pause", when: "asking", ms: 9000 });
  const told: string[] = [];
  clock.after(5, () => told.push("a timer"));
  call().then(() => told.push("an answer"));
  await pass(scheduler, 8000);
  assertEquals([effects.length, told], [1, []]);
  await pass(scheduler, 2000);
  assertEquals(told.toSorted(), ["a timer", "an answer"]);
});

Deno.test("SimProcess can die or stand still wherever it waits: also for a timer, before it goes on", async () => {
  for (
    const act of [{ do: "kill", when: "asking", restart: 7, late: 0 }, {
      do: "pause",
      when: "asking",
      ms: 900,
    }] as const
  ) {
    const { scheduler, process, killed, clock } = processWith(act);
    const told: number[] = [];
    clock.after(5, () => told.push(scheduler.now - BEGIN));
    clock.after(6, () => told.push(scheduler.now - BEGIN));
    await pass(scheduler, 500);
    assertEquals(told, []);
    await pass(scheduler, 500);
    if (act.do === "kill") assertEquals([process.alive, killed, told], [false, [7], []]);
    else assertEquals([process.alive, told], [true, [905, 905]]);
  }
});

Deno.test("SimProcess is told that an outcome is unknown, whether the request, the reply or neither was lost", async () => {
  const took: number[] = [];
  for (const act of [{ do: "lose request" }, { do: "lose reply" }, { do: "late", ms: 3000 }] as const) {
    const { scheduler, effects, call } = processWith(act);
    let error: Error | undefined;
    call().catch((reason) => error = reason);
    await pass(scheduler, 200);
    assertEquals(error?.message, "nobody knows what became of it", act.do);
    took.push(effects.length);
    await pass(scheduler, 5000);
    took.push(effects.length);
  }
  assertEquals(took, [0, 0, 1, 1, 0, 1]);
});

Deno.test("SimKv says ok: false for a success that its client repeated, and the store calls a lost answer unknown", async () => {
  const set = [{ type: "set", key: ["k"], value: 1 }] as const;
  const checks = [{ key: ["k"], versionstamp: null }];
  for (const act of [{ do: "repeat", ms: 5 }, { do: "lose reply" }, { do: "locked", times: 1 }] as const) {
    const { scheduler, process, clock } = processWith(act);
    const kv = new SimKv();
    const store = new KvStore(kv.handle(process, "one"), "simulated", clock);
    const result = store.atomic(checks, set);
    result.catch(() => {});
    await pass(scheduler, 1000);
    if (act.do === "repeat") assertEquals(await result, { ok: false });
    else if (act.do === "lose reply") await assertRejects(() => result, UnavailableError);
    else {
      assertEquals((await result).ok, true);
      const asked = process.parts.trace.lines.filter((line) => line.includes("asks kv write"));
      assertEquals(asked.length, 2, "it was asked again, for it was surely not done");
    }
    assertEquals((await kv.store.get(["k"]))?.value, 1);
  }
});
