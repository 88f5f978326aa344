/** A job that is stopped while its state store is away: while it runs, while it takes tasks over, and while it starts. */
import { assert, assertEquals, assertLessOrEqual, assertMatch, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { keyedReduce, memory, type RunOptions } from "@tidemark/streams";
import { KvStore } from "@tidemark/streams/state";
import type { Connector } from "../connectors/connector.ts";
import { runWith, type StandIns } from "../runtime/run.ts";
import { Lines, ManualClock, until } from "./support/jobs.ts";

/** How long a job may take to stop, in milliseconds. */
const WITHIN = 10_000;

/** A KV that is away when it is told to be: what it is asked then is never answered. */
async function away() {
  const real = await Deno.openKv(":memory:");
  const state = { away: false, asked: 0 };
  const never = <T>(): Promise<T> => {
    state.asked++;
    return new Promise<T>(() => {});
  };
  const atomic = () => {
    const operation = real.atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = () => state.away ? never() : commit();
    return operation;
  };
  const kv = new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === "atomic") return atomic;
      // The test looks at it after whoever has closed it.
      if (name === "close") return () => {};
      if (typeof value !== "function") return value;
      if (name === "get") return (...words: unknown[]) => state.away ? never() : value.apply(target, words);
      if (name === "list") {
        return (...words: unknown[]) => state.away ? { next: never } : value.apply(target, words);
      }
      return value.bind(target);
    },
  });
  return { kv, state, [Symbol.dispose]: () => real.close() };
}

/** A job that counts words, on time that passes only when the test says so. */
function counting(kv: Deno.Kv) {
  const log = memory();
  const clock = new ManualClock();
  const lines = new Lines();
  const pipeline = log.source<string>("words").pipe(
    keyedReduce({ name: "counts", key: (word) => word, initial: 0, reduce: (total) => total + 1 }),
    log.sink("counts", { key: ({ key }) => key }),
  );
  const start = (options: Partial<RunOptions> = {}, standIns: StandIns = {}) =>
    runWith(pipeline, { name: "words", state: kv, log: lines.log, ...options }, clock, standIns);
  return { log, clock, lines, start };
}

/** Lets time pass until it is done; returns how long that took. */
async function timed(clock: ManualClock, work: PromiseLike<unknown>): Promise<number> {
  const began = clock.elapsed();
  let done = false;
  const over = () => void (done = true);
  work.then(over, over);
  while (!done && clock.elapsed() - began < 2 * WITHIN) await clock.advance(100);
  assert(done, "it does not end");
  await work;
  return clock.elapsed() - began;
}

describe("A job whose state store is away", () => {
  for (const way of ["stop()", "its disposal", "its signal"] as const) {
    it(`ends in time by ${way} while a commit is not answered, says so, and its next start goes on where it was`, async () => {
      using store = await away();
      const { log, clock, lines, start } = counting(store.kv);
      const aborted = new AbortController();
      const job = await start({ signal: aborted.signal });
      log.append("words", [{ value: "a" }]);
      await until("a result", () => log.read("counts").length === 1, job);
      store.state.away = true;
      log.append("words", [{ value: "a" }]);
      await until("a commit", () => store.state.asked > 0, job);
      const end = way === "stop()" ? job.stop() : way === "its disposal" ? job[Symbol.asyncDispose]() : job.finished;
      if (way === "its signal") aborted.abort();
      assertLessOrEqual(await timed(clock, end), WITHIN);
      assertEquals(await job.finished, { reason: "stopped" });
      assertMatch(
        lines.find(/stopped in time/)!,
        /1 epoch is being committed, and the next start reads again what is not/,
      );

      store.state.away = false;
      const again = await start();
      await until("both results", () => log.read("counts").length === 2, again);
      assertEquals(log.read("counts"), [{ key: "a", value: 1 }, { key: "a", value: 2 }]);
      await timed(clock, again.stop());
    });
  }

  it("asks nothing more of a KV that is its user's once it has stopped", async () => {
    using store = await away();
    const { log, clock, start } = counting(store.kv);
    const job = await start();
    store.state.away = true;
    log.append("words", [{ value: "a" }]);
    await until("a commit", () => store.state.asked > 0, job);
    await timed(clock, job.stop());
    const { asked } = store.state;
    await clock.advance(120_000);
    assertEquals(store.state.asked, asked);
  });
});

describe("A job that is stopped while it starts", () => {
  it("ends in time while a takeover is not answered, with a job that has stopped", async () => {
    using store = await away();
    const { clock, start } = counting(store.kv);
    const aborted = new AbortController();
    const starting = start({ signal: aborted.signal }, {
      connector: (original) => awayOnceRead(original, store.state),
    });
    await until("the takeover", () => store.state.asked > 0);
    aborted.abort();
    assertLessOrEqual(await timed(clock, starting), WITHIN);
    const job = await starting;
    assertLessOrEqual(await timed(clock, job.finished), WITHIN);
    assertEquals(await job.finished, { reason: "stopped" });
  });

  it("ends in time while its entry is not answered, with the signal's reason", async () => {
    using store = await away();
    const { clock, start } = counting(store.kv);
    store.state.away = true;
    const aborted = new AbortController();
    const starting = start({ signal: aborted.signal });
    await until("the start to ask", () => store.state.asked > 0);
    aborted.abort(new Error("nobody wants it any more"));
    await assertRejects(() => timed(clock, starting), Error, "nobody wants it any more");
  });

  it("ends in time while its reader is not answered, and takes what comes too late for nothing", async () => {
    using store = await away();
    const { clock, start } = counting(store.kv);
    const aborted = new AbortController();
    const asked = Promise.withResolvers<void>();
    const starting = start({ signal: aborted.signal }, {
      connector: (original) => ({
        ...original,
        id: original.id,
        open: async (context) => {
          const connection = await original.open(context);
          return Object.assign(Object.create(connection), {
            reader() {
              asked.resolve();
              return new Promise(() => {});
            },
          });
        },
      }),
    });
    await asked.promise;
    aborted.abort();
    await timed(clock, starting);
    const job = await starting;
    assertLessOrEqual(await timed(clock, job.finished), WITHIN);
    assertEquals(await job.finished, { reason: "stopped" });
  });
});

describe("A store that is closed", () => {
  it("gives up the calls that are not answered, and leaves no timer", async () => {
    using store = await away();
    const clock = new ManualClock();
    const closed = await KvStore.open(store.kv, clock);
    store.state.away = true;
    const asking = closed.get(["a"]);
    closed.close();
    await assertRejects(() => asking, Error, "The state at the given Deno KV is closed");
    assertEquals(clock.waiting, 0);
  });
});

/** A connector with which the store is away from the moment at which it is read. */
function awayOnceRead(original: Connector, state: { away: boolean }): Connector {
  return {
    ...original,
    id: original.id,
    open: async (context) => {
      const connection = await original.open(context);
      return Object.assign(Object.create(connection), {
        reader: (...words: Parameters<typeof connection.reader>) => {
          state.away = true;
          return connection.reader(...words);
        },
      });
    },
  };
}
