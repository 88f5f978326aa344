/** The epoch loop writes heads one at a time, whoever asks for it. */
import { assertEquals } from "@std/assert";
import { systemClock } from "../base/clock.ts";
import { Epochs } from "../runtime/epochs.ts";
import { Meter } from "../runtime/metrics.ts";
import { eventsOf } from "./support/events_of.ts";
import { Outbox } from "../runtime/outbox.ts";
import type { OwnedTask } from "../runtime/owned_task.ts";
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

function epochsOf(task: OwnedTask, failures: Error[]): Epochs {
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
