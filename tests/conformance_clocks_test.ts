/**
 * The conformance cases about idleness, on the clocks themselves: in a pipeline only a job knows that there is nothing to read,
 * and nobody outside of it can say so at a given step.
 */
import { assertEquals } from "@std/assert";
import { PartitionClocks } from "../operators/_partition_clocks.ts";
import { Scope, WatermarkProvider } from "../operators/_scope.ts";
import { Task } from "../operators/_task.ts";
import { obstacle } from "./support/conformance.ts";
import { type Case, type Happening, type Step, timeOf } from "./support/conformance_case.ts";

const cases: Case[] = JSON.parse(await Deno.readTextFile(new URL("./conformance/cases.json", import.meta.url)));

/** `StatusWatermarkValve`: a scope and its providers. */
function driveValve({ config, steps }: Case): Happening[] {
  const happened: Happening[] = [];
  let after = 0;
  const scope = new Scope(new Task(undefined), undefined, true);
  scope.listener = {
    advance: (ts) => happened.push({ after, type: "watermark", ts }),
    idle: (idle) => happened.push({ after, type: idle ? "idle" : "active" }),
  };
  const providers = Array.from({ length: config.inputs! }, () => new WatermarkProvider());
  for (const provider of providers) scope.attachProvider(provider);
  for (const [index, { type, input, ts }] of steps.entries()) {
    after = index;
    const provider = providers[input!];
    if (type !== "watermark") provider.idle = type === "idle";
    else if (timeOf(ts) > provider.watermark) provider.watermark = timeOf(ts);
    scope.update();
  }
  return happened;
}

/** `WatermarkOutputMultiplexer`: the partitions of one `watermark()`. What Flink defers to its next tick counts at once here. */
function driveMultiplexer({ steps }: Case): Happening[] {
  const { task, clocks } = clocksOf(steps.filter(({ type }) => type === "register").length);
  const slots = steps.filter(({ type }) => type === "register").map(({ output }) => output);
  return steps.flatMap(({ type, output, ts }, after) => {
    const slot = slots.indexOf(output);
    if (type === "watermark") {
      task.idleSince[slot] = NaN;
      clocks.observe(slot, timeOf(ts));
    }
    if (type === "markIdle") {
      task.idleSince[slot] = 0;
      clocks.tick(11);
    }
    return type === "inspect" ? [{ after, type: "state", watermark: clocks.watermark, idle: clocks.idle }] : [];
  });
}

/** `WatermarksWithIdleness`: one partition, and a clock that is moved by hand. */
function driveTimer({ config, steps }: Case): Happening[] {
  const { task, clocks } = clocksOf(1, (config as { timeout?: number }).timeout);
  let now = 0;
  return steps.flatMap((step, after) => {
    const { type } = step;
    if (type === "advanceClock") now += (step as Step & { ms: number }).ms;
    if (type === "activity") task.idleSince[0] = NaN;
    if (type !== "checkIdle") return [];
    // What a reader does: the first fetch that finds nothing more says since when.
    if (!(task.idleSince[0] >= 0)) task.idleSince[0] = now;
    clocks.tick(now);
    return [{ after, type: clocks.idle ? "idle" : "active" }];
  });
}

function clocksOf(partitions: number, idleAfter = 10): { task: Task; clocks: PartitionClocks } {
  const task = new Task(undefined);
  const scope = new Scope(task, undefined, true);
  const slots = Array.from({ length: partitions }, (_, partition) => ({ slot: partition, topic: "events", partition }));
  scope.attachSource({ label: "events", slots });
  return { task, clocks: new PartitionClocks(task, scope, { idleAfter, advances: false }) };
}

const DRIVERS: Record<string, (scenario: Case) => Happening[]> = {
  "flink-watermark-valve": driveValve,
  "flink-watermark-multiplexer": driveMultiplexer,
  "flink-idleness-timer": driveTimer,
};

for (const scenario of cases.filter((scenario) => obstacle(scenario)?.startsWith("idleness needs a job"))) {
  Deno.test(`clocks conform to ${scenario.semantics}: the case ${scenario.id} comes out as expected`, () => {
    assertEquals(DRIVERS[scenario.semantics](scenario), scenario.expected, scenario.notes);
  });
}
