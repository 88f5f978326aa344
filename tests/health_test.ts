/** `/livez` and `/readyz`: when they say so, and that they say no names. */
import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory, type TroubleKind, UnavailableError } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { livez, readyz } from "../dashboard/health.ts";
import { runWith } from "../runtime/run.ts";
import { MemoryStore } from "../state/memory_store.ts";
import type { AtomicResult, Check, Mutation, StoreEntry, StoreKey } from "../state/store.ts";
import { said, stand } from "./support/dashboard/asking.ts";
import { ManualClock } from "./support/jobs.ts";

const wait = (kind: TroubleKind, since: number, blocks = true) => ({ kind, since, blocks });

describe("livez", () => {
  it("is 200 while the loop has turned in the last 30 s", () => {
    assertEquals(livez({ loopAge: 29_999 }), { status: 200, body: { live: true } });
    assertEquals(livez({ loopAge: 31_000 }), {
      status: 503,
      body: { live: false, why: "the loop has not turned for 31 s" },
    });
  });
});

describe("readyz", () => {
  it("is 200 while nothing is waited for longer than 10 s", () => {
    assertEquals(readyz({ ended: undefined, waits: [] }), { status: 200, body: { ready: true } });
    assertEquals(readyz({ ended: undefined, waits: [wait("input", 10_000)] }).status, 200);
    assertEquals(readyz({ ended: "finished", waits: [] }).status, 200);
  });

  it("is 503 with everything that is waited for, the longest first, and without a name", () => {
    assertEquals(readyz({ ended: undefined, waits: [wait("results", 11_000), wait("input", 42_500)] }), {
      status: 503,
      body: { ready: false, why: "the input cannot be read, for 42 s; and results cannot be published, for 11 s" },
    });
  });

  it("is 200 where the job goes on with a part of its tasks", () => {
    assertEquals(readyz({ ended: undefined, waits: [wait("members", 60_000, false)] }).status, 200);
  });

  it("is 503 once the job has failed, or was stopped", () => {
    assertEquals(readyz({ ended: "failed", waits: [] }).body, { ready: false, why: "the job has failed" });
    assertEquals(readyz({ ended: "stopped", waits: [] }).body, { ready: false, why: "the job has stopped" });
  });
});

describe("the health of a job", () => {
  it("is asked without a token, under the names that people know", async () => {
    await using closed = await stand({ token: "0123456789abcdef" });
    for (const path of ["/livez", "/healthz"]) {
      assertEquals(await said(fetch(new URL(path, closed.page.url))), [200, { live: true }]);
    }
    assertEquals(await said(fetch(new URL("/readyz", closed.page.url))), [200, { ready: true }]);
    await closed.job.stop();
    assertEquals(await said(fetch(new URL("/readyz", closed.page.url))), [503, {
      ready: false,
      why: "the job has stopped",
    }]);
  });

  it("is that of a process that lives and is not ready while its store is away", async () => {
    const clock = new ManualClock();
    const store = new AwayStore();
    const log = memory();
    const options = { name: "away", state: ":memory:", log: () => {} };
    const job = await runWith(log.source("clicks").pipe(log.sink("out")), options, clock, { store });
    await using page = await dashboard(job, { port: 0, log: () => {} });
    store.away = true;
    log.append("clicks", [{ value: "a" }]);
    await clock.advance(50_000);
    assertEquals(await said(fetch(new URL("/livez", page.url))), [200, { live: true }]);
    const [status, body] = await said(fetch(new URL("/readyz", page.url)));
    assertEquals(status, 503);
    assertEquals((body as { why: string }).why.replace(/\d+/, "N"), "the state store does not answer, for N s");
    assertEquals(job.metrics.measure().tasks, { owned: 0, waiting: 1, finished: 0 });
    store.away = false;
    // The pause before the next try is random.
    await clock.advance(10_000);
    assertEquals(await said(fetch(new URL("/readyz", page.url))), [200, { ready: true }]);
    const stopped = job.stop();
    await clock.advance(5000);
    await stopped;
  });

  it("is that of a process to restart, once its job has failed and the loop stands still", async () => {
    const clock = new ManualClock();
    const log = memory();
    const pipeline = log.source("clicks").pipe(log.sink("out", { key: () => fail() }));
    const job = await runWith(pipeline, { name: "failed", state: ":memory:", log: () => {} }, clock);
    await using page = await dashboard(job, { port: 0, log: () => {} });
    log.append("clicks", [{ value: "a" }]);
    await clock.advance(1000);
    await assertRejects(() => job.finished, Error, "no key");
    assertEquals(await said(fetch(new URL("/readyz", page.url))), [503, { ready: false, why: "the job has failed" }]);
    await clock.advance(60_000);
    assertEquals((await said(fetch(new URL("/livez", page.url))))[0], 503);
  });
});

function fail(): never {
  throw new Error("no key");
}

/** A store that cannot be reached while it is away. */
class AwayStore extends MemoryStore {
  away = false;

  override get<T = unknown>(key: StoreKey): Promise<StoreEntry<T> | undefined> {
    return this.away ? Promise.reject(new UnavailableError("the store at 10.0.0.7 is away")) : super.get<T>(key);
  }

  override atomic(checks: readonly Check[], mutations: readonly Mutation[]): Promise<AtomicResult> {
    return this.away
      ? Promise.reject(new UnavailableError("the store at 10.0.0.7 is away"))
      : super.atomic(checks, mutations);
  }
}
