/** The epoch loop writes heads one at a time, whoever asks for it, and decides when a transaction begins. */
import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../base/clock.ts";
import { type EpochParts, Epochs } from "../runtime/epochs.ts";
import { Meter } from "../runtime/metrics.ts";
import { eventsOf } from "./support/events_of.ts";
import { HANDED_MS } from "../runtime/limits.ts";
import { Outbox } from "../runtime/outbox.ts";
import type { OwnedTask } from "../runtime/owned_task.ts";
import type { Publisher } from "../runtime/publisher.ts";
import { MemoryStore } from "../state/mod.ts";

/** A quiet task whose outbox is not empty; its head may be written once at a time, as a real checkpoint has it. */
function quietTask(said: string[]): OwnedTask {
  let writing = false;
  const head = { outbox: [{ epoch: 1 }] as { epoch: number }[] };
  return {
    number: 0,
    lost: false,
    outbox: new Outbox({ epoch: 1, rows: 0, moved: 0 }),
    quietSince: -Infinity,
    runner: { changed: false },
    checkpoint: {
      head,
      async rewrite() {
        if (writing) throw new Error("Task 0 has a cut under way: commit it first");
        writing = true;
        await Promise.resolve();
        head.outbox = [];
        writing = false;
        said.push("written");
      },
    },
  } as unknown as OwnedTask;
}

function epochsOf(task: OwnedTask, failures: Error[], parts: Partial<EpochParts> = {}): Epochs {
  return new Epochs({
    store: new MemoryStore(),
    clock: systemClock,
    inCommit: [],
    publisher: undefined,
    patience: { clock: systemClock },
    minEpoch: 0,
    meter: new Meter(),
    tasks: () => [task],
    fenced: () => {},
    failed: (error) => failures.push(error),
    slow: () => {},
    events: eventsOf("job").events,
    wake: () => {},
    ...parts,
  });
}

Deno.test("two drains at once write the head of a task one after the other", async () => {
  const said: string[] = [], failures: Error[] = [];
  const epochs = epochsOf(quietTask(said), failures);
  await Promise.all([epochs.drain(), epochs.drain()]);
  assertEquals([said, failures], [["written"], []]);
});

Deno.test("a drain waits while a quiet task empties its outbox", async () => {
  const said: string[] = [], failures: Error[] = [];
  const epochs = epochsOf(quietTask(said), failures);
  await Promise.all([epochs.settleQuiet(), epochs.drain()]);
  assertEquals([said, failures], [["written"], []]);
});

/** A task of a job with a hop that has committed a row, and a publisher that makes it visible. */
function handing(row: { readonly handed: boolean; readonly hasHanded: boolean }) {
  const outbox = new Outbox({ epoch: 1, rows: 0, moved: 0 });
  const record = { topic: "hop", partition: 0, timestamp: 0, key: null, value: null, headers: undefined };
  outbox.cut({ rows: [record], bytes: 1, samples: [] });
  outbox.committed(2, 1, row.handed);
  const task = {
    ...{ number: 0, lost: false, outbox, runner: { changed: false, hops: { hasHanded: row.hasHanded } } },
    checkpoint: { head: { outbox: [] } },
  } as unknown as OwnedTask;
  let elapsed = 1000;
  const publisher = {
    publish: (): Promise<void> => {
      outbox.visible({ epoch: 2, rows: 0, moved: 0 });
      return Promise.resolve();
    },
  } as unknown as Publisher;
  const failures: Error[] = [];
  const epochs = epochsOf(task, failures, {
    publisher,
    clock: { ...systemClock, elapsed: () => elapsed },
    local: { depth: 1, handOver: () => false },
  });
  return {
    epochs,
    /** Whether a transaction has begun after this time. */
    publishesAfter(ms: number): boolean {
      elapsed += ms;
      epochs.publish();
      return outbox.empty;
    },
    async end() {
      await epochs.drain();
      assert(outbox.empty, "a drain publishes everything");
      assertEquals(failures, []);
    },
  };
}

Deno.test("a transaction waits while all that it would carry was handed over, but not for long", async () => {
  const { publishesAfter, end } = handing({ handed: true, hasHanded: true });
  assert(!publishesAfter(0));
  assert(!publishesAfter(HANDED_MS - 1));
  assert(publishesAfter(1));
  await end();
});

Deno.test("a transaction does not wait where a result is among the rows, or nothing more follows from them", async () => {
  for (const row of [{ handed: false, hasHanded: true }, { handed: true, hasHanded: false }]) {
    const { publishesAfter, end } = handing(row);
    assert(publishesAfter(0));
    await end();
  }
});

Deno.test("a drain does not wait for what follows from what was handed over", async () => {
  await handing({ handed: true, hasHanded: true }).end();
});
