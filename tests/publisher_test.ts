import { assertEquals, assertRejects } from "@std/assert";
import type { AfterCommit, DeliveryLife, Published } from "../connectors/connector.ts";
import { RecordRows } from "../connectors/record_rows.ts";
import { Outbox } from "../runtime/outbox.ts";
import { MarkerError, type PublishedTask, Publisher, settle } from "../runtime/publisher.ts";
import { FencedError } from "../state/mod.ts";
import { systemClock } from "../base/clock.ts";

/** A broker that keeps a diary. The first transaction takes effect, and its answer is lost. */
function forgetfulBroker(): { delivery: AfterCommit; diary: string[] } {
  const diary: string[] = [];
  const visible = new Map<number, Published>();
  let lives = 0;
  const lifeOf = (life: number): DeliveryLife => ({
    publish(tasks) {
      const results = tasks.flatMap(({ epochs }) => epochs.flatMap(({ rows }) => rows)).length;
      const last = tasks.map(({ task, epochs }) => ({ task, epoch: epochs.at(-1)!.epoch }));
      diary.push(`life ${life} publishes ${results} results, ${last.map(({ task, epoch }) => `${task}:${epoch}`)}`);
      for (const { task, epoch } of last) visible.set(task, { epoch, rows: 0, moved: 0 });
      return results > 0 && life === 1 ? Promise.reject(new Error("no answer")) : Promise.resolve(visible);
    },
    close: () => Promise.resolve(),
  });
  const delivery: AfterCommit = {
    kind: "afterCommit",
    encoder: (context) => new RecordRows(context),
    knows: () => Promise.resolve(true),
    prepare: () => Promise.resolve(),
    open: () => {
      const life = ++lives;
      diary.push(`life ${life}`);
      return Promise.resolve(lifeOf(life));
    },
    rehearse: () => Promise.reject(new Error("nobody rehearses here")),
    fence: () => Promise.resolve(),
    published() {
      diary.push("markers are read");
      return Promise.resolve(visible);
    },
  };
  return { delivery, diary };
}

const MARKER: Published = { epoch: 1, rows: 0, moved: 0 };

function outgoing(...epochs: number[]) {
  const record = { topic: "counts", partition: 0, timestamp: 0, key: null, value: null, headers: undefined };
  return epochs.map((epoch) => ({ epoch, rows: [record], bytes: 0, samples: [] }));
}

function taskWith(...epochs: number[]): PublishedTask & { lost: boolean } {
  const outbox = new Outbox({ epoch: 0, rows: 0, moved: 0 });
  outbox.restore(outgoing(...epochs));
  return {
    ...{ number: 0, outbox, lost: false },
    lose() {
      this.lost = true;
    },
    verify: () => Promise.resolve(true),
    visible: (reached) => outbox.visible(reached),
    resolve: (marker) => void outbox.resolve(9, marker),
  };
}

Deno.test("Publisher reads the markers after a doubt, also when a new task asks for its first marker meanwhile", async () => {
  const { delivery, diary } = forgetfulBroker();
  const publisher = new Publisher({
    ...{ delivery, owner: "job.a", clock: systemClock, giveUpAfter: Infinity },
    trouble: () => {},
  });
  const task = taskWith(5);
  const results = publisher.publish(() => [task]);
  const marker = publisher.publishMarker({ ...taskWith(), number: 1 }, 0);
  await Promise.all([results, marker]);
  assertEquals(diary, [
    ...["life 1", "markers are read", "life 1 publishes 1 results, 0:5"],
    ...["life 2", "markers are read", "life 2 publishes 0 results, 1:0"],
  ]);
  assertEquals(task.outbox.waiting, []);
});

function publisherOn(delivery: AfterCommit): Publisher {
  return new Publisher({
    ...{ delivery, owner: "job.a", clock: systemClock, giveUpAfter: Infinity },
    trouble: () => {},
  });
}

Deno.test("Publisher gives no first marker to a task that another owner has taken before its own life began", async () => {
  const { delivery, diary } = forgetfulBroker();
  const task = { ...taskWith(), verify: () => Promise.resolve(false) };
  await assertRejects(() => publisherOn(delivery).publishMarker(task, 0), FencedError);
  assertEquals(diary, ["life 1"]);
});

Deno.test("Publisher looks at every task when a life begins, also where it begins for a marker", async () => {
  const { delivery, diary } = forgetfulBroker();
  const publisher = publisherOn(delivery);
  const owner = { ours: true };
  const task = { ...taskWith(), verify: () => Promise.resolve(owner.ours) };
  await publisher.publish(() => [task]);
  await publisher.close();
  // Meanwhile somebody else has taken the task, and published what waits here.
  owner.ours = false;
  task.outbox.restore(outgoing(5));
  await publisher.publishMarker({ ...taskWith(), number: 1 }, 0);
  await publisher.publish(() => [task]);
  assertEquals(diary, ["life 1", "life 2", "life 2 publishes 0 results, 1:0"]);
});

Deno.test("settle() reads the head again before it believes that the store is older than the marker", async () => {
  const contradiction = () => {
    throw new MarkerError("epoch 1 has been published");
  };
  const task = { ...taskWith(), resolve: contradiction };
  assertEquals(await settle({ ...task, verify: () => Promise.resolve(false) }, MARKER), false);
  await assertRejects(() => settle(task, MARKER), MarkerError);
});
