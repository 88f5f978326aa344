/** Nothing that a job does in the background outlives it: when it has stopped, no timer waits and everything is closed. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { keyedReduce, memory, minutes, type RunOptions } from "@tidemark/streams";
import { Background } from "../base/background.ts";
import type { Connection } from "../connectors/connector.ts";
import { KafkaDelivery } from "../connectors/kafka/delivery.ts";
import type { Line } from "../connectors/kafka/driver.ts";
import { KafkaError } from "../connectors/kafka/errors.ts";
import { runWith, type StandIns } from "../runtime/run.ts";
import { TaskKeys } from "../state/keys.ts";
import {
  DurableStates,
  MemoryStore,
  type Mutation,
  type Store,
  TaskCheckpoint,
  UnavailableError,
} from "../state/mod.ts";
import { Lines, ManualClock, until } from "./support/jobs.ts";

/** A store in memory, whose atomics may be answered by the test. */
function storeWith(atomic: (...words: Parameters<Store["atomic"]>) => ReturnType<Store["atomic"]> | undefined) {
  const inner = new MemoryStore();
  const store: Store = {
    name: "memory",
    get: (key) => inner.get(key),
    list: (prefix, range) => inner.list(prefix, range),
    atomic: (checks, mutations) => atomic(checks, mutations) ?? inner.atomic(checks, mutations),
    close: () => inner.close(),
  };
  return { inner, store };
}

/** A job that counts words, on time that stands still. */
function counting() {
  const log = memory();
  const clock = new ManualClock();
  const lines = new Lines();
  const pipeline = log.source<string>("words", { tombstones: "refuse" }).pipe(
    keyedReduce({ name: "counts", key: (word) => word, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts"),
  );
  const start = (standIns: StandIns, options: Partial<RunOptions> = {}) =>
    runWith(pipeline, { name: "words", state: ":memory:", log: lines.log, ...options }, clock, standIns);
  return { log, clock, lines, start };
}

describe("A job that has stopped", () => {
  it("has ended the sweep of its takeover, also between two tries of a delete", async () => {
    const { clock, start } = counting();
    let refused = 0;
    const garbage = new TaskKeys("words", 0).chunk({ kind: "delta", fence: "dead", attempt: 1, index: 0 });
    const isGarbage = ({ type, key }: Mutation) => type === "delete" && key.join() === garbage.join();
    const { inner, store } = storeWith((_checks, mutations) => {
      if (!mutations.some(isGarbage)) return undefined;
      refused++;
      return Promise.resolve({ ok: false });
    });
    await inner.atomic([], [{ type: "set", key: garbage, value: new Uint8Array(1) }]);
    const job = await start({ store });
    await until("the sweep", () => refused > 0, job);
    await job.stop();
    assertEquals([refused, clock.waiting], [1, 0]);
  });

  it("claims no task again that another worker has taken", async () => {
    const { log, clock, lines, start } = counting();
    const { inner, store } = storeWith(() => undefined);
    const job = await start({ store });
    await TaskCheckpoint.claim(inner, { job: "words", task: 0, states: new DurableStates(), clock });
    log.append("words", [{ value: "a" }]);
    await lines.line(/has another owner now/);
    await job.stop();
    assertEquals(clock.waiting, 0);
  });

  it("asks a store no more that did not answer in time", async () => {
    const { log, clock, start } = counting();
    let asked = 0;
    let away = false;
    const { store } = storeWith(() => {
      if (!away) return undefined;
      asked++;
      return Promise.reject(new UnavailableError("away"));
    });
    const job = await start({ store });
    away = true;
    log.append("words", [{ value: "a" }]);
    await until("a commit", () => asked > 0, job);
    const stopping = job.stop({ within: 0 });
    await clock.advance(0);
    await stopping;
    assertEquals([await job.finished, clock.waiting], [{ reason: "stopped" }, 0]);
  });

  it("has closed its connections, also when its last commit has failed", async () => {
    const { log, start } = counting();
    let away = false;
    const { store } = storeWith(() => away ? Promise.reject(new TypeError("cannot be stored")) : undefined);
    let closed = 0;
    const connector: StandIns["connector"] = ({ id }) => ({
      id,
      open: async (context) => closing(await log.open(context), () => void closed++),
    });
    const job = await start({ store, connector }, { minEpoch: minutes(1) });
    log.append("words", [{ value: "a" }]);
    await until("the first commit", () => log.read("counts").length === 1, job);
    log.append("words", [{ value: "a" }]);
    await until("a record", () => job.metrics.snapshot().records_in === 2, job);
    away = true;
    await job.stop();
    await assertRejects(() => job.finished, TypeError, "cannot be stored");
    assertEquals(closed, 1);
  });
});

describe("A start that is given up", () => {
  it("ends when a connection that comes too late is closed", async () => {
    const { log, start } = counting();
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const aborted = new AbortController();
    const closed: boolean[] = [];
    const connector: StandIns["connector"] = ({ id }) => ({
      id,
      open: async (context) => {
        asked.resolve();
        await released.promise;
        closed.push(context.signal!.aborted);
        return closing(await log.open(context), () => void closed.push(true));
      },
    });
    const starting = start({ store: new MemoryStore(), connector }, { signal: aborted.signal });
    await asked.promise;
    const refused = assertRejects(() => starting, Error, "nobody wants it any more");
    aborted.abort(new Error("nobody wants it any more"));
    released.resolve();
    await refused;
    assert(closed.length >= 2 && closed.every((one) => one));
  });

  it("ends in time when a connection never comes", async () => {
    const { clock, start } = counting();
    const asked = Promise.withResolvers<void>();
    const aborted = new AbortController();
    const connector: StandIns["connector"] = ({ id }) => ({
      id,
      open() {
        asked.resolve();
        return new Promise<Connection>(() => {});
      },
    });
    const starting = start({ store: new MemoryStore(), connector }, { signal: aborted.signal });
    await asked.promise;
    const { waiting } = clock;
    const refused = assertRejects(() => starting, Error, "nobody wants it any more");
    aborted.abort(new Error("nobody wants it any more"));
    await until("the wait for it", () => clock.waiting > waiting);
    await clock.advance(500);
    await refused;
    assertEquals(clock.waiting, 0);
  });
});

function closing(connection: Connection, closed: () => void): Connection {
  return {
    ...connection,
    async close() {
      await connection.close();
      closed();
    },
  };
}

describe("A Kafka connection that is closed", () => {
  it("ends the life that is being begun, between two tries", async () => {
    const clock = new ManualClock();
    const closed = new AbortController();
    const open = new Set<{ close(): Promise<void> }>();
    const line = {
      connect: () => Promise.reject(new KafkaError("it is away", { kind: "connection" })),
      renew() {},
      close: () => Promise.resolve(),
    } as unknown as Line;
    const delivery = new KafkaDelivery({
      driver: { name: "away:9092", line: () => line },
      shared: line,
      clock,
      timeout: 10_000,
      codec: 0,
      log: () => {},
      open,
      signal: closed.signal,
      ask: (_wanted, ask) => ask(),
      batchBytes: () => Promise.resolve(1),
      ensureTopic: () => Promise.resolve(),
    });
    const opening = delivery.open("job.owner");
    await until("a pause", () => clock.waiting > 0);
    assertEquals([...open], [line]);
    const refused = assertRejects(() => opening, UnavailableError, "the connection to Kafka was closed");
    closed.abort();
    await refused;
    assertEquals([clock.waiting, open.size], [0, 0]);
  });
});

describe("Background actions", () => {
  it("are all over when ended() resolves, those that others have begun and those that failed too", async () => {
    const background = new Background();
    const done: string[] = [];
    background.run(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      background.run(async () => {
        await Promise.resolve();
        done.push("second");
        throw new Error("nobody hears of it");
      });
      done.push("first");
    });
    background.abort();
    await background.ended();
    assertEquals(done, ["first", "second"]);
  });
});
