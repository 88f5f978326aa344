/**
 * Drives the conformance cases about idleness on the clocks themselves: in a pipeline only a job knows that there is
 * nothing to read, and nobody outside of it can say so at a given step.
 */
import { BEGIN_OF_TIME } from "../../operators/_limits.ts";
import { PartitionClocks } from "../../operators/_partition_clocks.ts";
import { Scope, WatermarkProvider } from "../../operators/_scope.ts";
import { Task } from "../../operators/_task.ts";
import { type Case, type Happening, timeOf } from "./conformance_case.ts";

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
    const watermark = clocks.watermark === BEGIN_OF_TIME ? null : clocks.watermark;
    return type === "inspect" ? [{ after, type: "state", watermark, idle: clocks.idle }] : [];
  });
}

/** `WatermarksWithIdleness`: one partition, and a clock that is moved by hand. */
function driveTimer({ config, steps }: Case): Happening[] {
  const { task, clocks } = clocksOf(1, config.timeout);
  let now = 0;
  return steps.flatMap(({ type, ms }, after) => {
    if (type === "advanceClock") now += ms!;
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

/** The drivers of cases that need idleness, by their semantics. */
export const CLOCK_DRIVERS: Readonly<Record<string, (scenario: Case) => Happening[]>> = {
  "flink-watermark-valve": driveValve,
  "flink-watermark-multiplexer": driveMultiplexer,
  "flink-idleness-timer": driveTimer,
};
