/** The workers of a job in its store: who is there, and where its page is. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { embeddedLog, keyedReduce, type memory, readDetails, run } from "@tidemark/streams";
import { VERSION } from "../base/version.ts";
import { readWorkers, WorkerEntry } from "../runtime/worker_entry.ts";
import { MemoryStore } from "../state/mod.ts";
import { ManualClock } from "./support/jobs.ts";

const counts = (log: Pick<ReturnType<typeof memory>, "source" | "sink">) =>
  log.source<string>("clicks").pipe(
    keyedReduce({ name: "counts", key: (user) => user, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts"),
  );

describe("the workers of a job", () => {
  it("are read from its state with the address of their page, while they run", async () => {
    using kv = await Deno.openKv(":memory:");
    const log = embeddedLog(kv);
    for (const topic of ["clicks", "counts"]) await log.create(topic);
    const job = await run(counts(log), { name: "clicks", state: kv, worker: "a", log: () => {} });
    await job.announcePage("http://127.0.0.1:8321/");
    const [own] = (await job.details()).workers;
    assertEquals([own.name, own.version, own.page], ["a", VERSION, "http://127.0.0.1:8321/"]);
    // No record was read, and still the job reads as running.
    const { details } = await readDetails("clicks", { state: kv });
    assertEquals([details.state, details.workers[0]?.page, details.workers[0]?.since], [
      "running",
      own.page,
      own.since,
    ]);

    await job.stop();
    const stopped = (await readDetails("clicks", { state: kv })).details;
    assertEquals([stopped.state, stopped.workers], ["stopped", []]);
    assertEquals((await job.details()).workers, []);
  });

  it("say every three seconds that they are there, and are forgotten a minute after the last time", async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const entry = new WorkerEntry({ job: "clicks", store, clock, worker: undefined, id: "clicks.1" });
    const seen = async () => (await readWorkers(store, "clicks", clock.now())).map(({ at }) => clock.now() - at);
    entry.beat();
    await clock.advance(2_000);
    entry.beat();
    assertEquals(await seen(), [2_000]);
    await clock.advance(1_000);
    entry.beat();
    await clock.advance(0);
    assertEquals(await seen(), [0]);
    await clock.advance(59_999);
    assertEquals(await seen(), [59_999]);
    await clock.advance(1);
    assertEquals(await seen(), []);
  });

  it("do not mind a store that is away", async () => {
    const clock = new ManualClock();
    let tries = 0;
    const store = new MemoryStore();
    store.atomic = () => Promise.reject(new Error(`away ${++tries}`));
    const entry = new WorkerEntry({ job: "clicks", store, clock, worker: "a", id: "clicks.1" });
    await entry.announce("http://127.0.0.1:8321/");
    await clock.advance(3_000);
    entry.beat();
    await entry.remove();
    await entry.remove();
    entry.beat();
    assertEquals(tries, 3);
  });
});
