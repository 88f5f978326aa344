/** Windows in a job: what a restart gives back, and panes that cannot be delivered. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { map, merge } from "rxjs";
import { count, tumblingWindow, watermark } from "@tidemark/streams/operators";
import { at, type Event, events, perTen, strict } from "./support/events.ts";
import { HandMadeTask, jobSink, jobSource } from "./support/task_host.ts";

describe("a window in a checkpoint", () => {
  it("an open window goes on after a restart, and one that has fired fires no second time on its own", () => {
    const pipeline = () =>
      jobSource<Event>("events").pipe(
        at,
        strict(),
        tumblingWindow({ name: "w", key: ({ user }) => user, size: 10, allowedLateness: 100, aggregate: count() }),
        map(({ window, value, pane, index }) => `${window.start}: ${value} ${pane} ${index}`),
        jobSink("out"),
      );
    const first = new HandMadeTask().run(pipeline());
    first.push("events", events(1)[0]).push("events", events(15)[0]);
    const second = new HandMadeTask(first.cut()).run(pipeline());
    second.push("events", events(2)[0]).push("events", events(16)[0]).push("events", events(25)[0]);
    const results = (job: HandMadeTask) => job.written.map(([, value]) => value);
    assertEquals(results(first), ["0: 1 onTime 0"]);
    assertEquals(results(second), ["0: 2 late 1", "10: 2 onTime 0"]);
  });

  it("what fired while one branch of a merge() was idle does not fire again after a restart", () => {
    const branch = (topic: string) =>
      jobSource<Event>(topic).pipe(at, watermark({ maxOutOfOrderness: 0, idleAfter: 10, whenIdle: "hold" }));
    const pipeline = () =>
      merge(branch("busy"), branch("quiet")).pipe(
        tumblingWindow({ name: "w", key: ({ user }) => user, size: 10, allowedLateness: 100, aggregate: count() }),
        map(({ window, value, pane }) => `${window.start}: ${value} ${pane}`),
        jobSink("out"),
      );
    const first = new HandMadeTask().run(pipeline());
    first.push("busy", events(1)[0]).push("busy", events(20)[0]).quiet("quiet", 0, 0).tick(100);
    assertEquals(first.written.length, 1);
    const second = new HandMadeTask(first.cut()).run(pipeline());
    second.push("busy", events(21)[0]).push("quiet", events(21)[0]).push("quiet", events(3)[0]);
    assertEquals(second.written.map(([, value]) => value), ["0: 2 late"]);
  });

  it("the end of time is in no checkpoint of a window", () => {
    const job = new HandMadeTask().run(jobSource<Event>("events").pipe(at, strict(), perTen("w")));
    job.push("events", events(5)[0]).end();
    assertEquals(Object.values(job.cut().clocks).map(({ watermark }) => watermark), [4, 4]);
  });

  it("a pane that was found undeliverable is passed over, and counts as fired", () => {
    const job = new HandMadeTask();
    const asked: unknown[] = [];
    job.skipPane = ({ state, key, namespace, index }) => asked.push([state, key, namespace, index]) === 1;
    job.run(
      jobSource<Event>("events").pipe(
        at,
        strict(),
        tumblingWindow({ name: "w", key: ({ user }) => user, size: 10, allowedLateness: 100, aggregate: count() }),
        map(({ value, index }) => [value, index]),
        jobSink("out"),
      ),
    );
    for (const event of events(5, 12, 6)) job.push("events", event);
    assertEquals(asked, [["w", "ada", 0, 0], ["w", "ada", 0, 1]]);
    assertEquals(job.written, [['sink "out"', [2, 1]]]);
  });
});
