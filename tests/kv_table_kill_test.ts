/** The rows of a table after kill -9 in the middle of epochs that are larger than an atomic: none is lost, and none goes back. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type EmbeddedLog, embeddedLog } from "@tidemark/streams";
import { readHead } from "../state/read_head.ts";
import { KvStore } from "../state/kv_store.ts";
import { systemClock } from "../base/clock.ts";
import { COUNTS, INPUT, type Seat, SEATS, TABLE, type TableJob } from "./support/table_until_killed.ts";

const JOB = new URL("./support/table_until_killed.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const USERS = 3;
const KILLS = 12;
/** Orders before each kill. However they are cut, their rows take four atomics. */
const ORDERS = 6;

/** Runs the job until it has ended, in any way. */
async function runJob(options: TableJob): Promise<Deno.CommandOutput> {
  return await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", `--config=${CONFIG}`, JOB, JSON.stringify(options)],
    stdout: "piped",
    stderr: "piped",
  }).output();
}

/** Does something to the log while no job runs. */
async function onLog(path: string, act: (log: EmbeddedLog) => Promise<unknown>): Promise<void> {
  using kv = await Deno.openKv(path);
  await act(embeddedLog(kv));
}

/** How many orders each row shows, by its key. */
async function ordersIn(kv: Deno.Kv): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  for await (const { key, value } of kv.list<Seat>({ prefix: [TABLE] })) rows.set(key.slice(1).join("/"), value.orders);
  return rows;
}

/** How many tasks have rows that are not written, as their heads say. */
async function unwritten(kv: Deno.Kv): Promise<number> {
  const store = new KvStore(kv, "test", systemClock);
  const heads = await Promise.all([0, 1].map((task) => readHead(store, { job: "job", task })));
  return heads.filter((entry) => entry?.head.unwritten !== undefined).length;
}

Deno.test("kvTable() loses no row and shows no older one after twelve kills between the atomics of an epoch", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/state.db`;
  for (const topic of [INPUT, COUNTS]) await onLog(path, (log) => log.create(topic, { partitions: 2 }));
  let before = new Map<string, number>();
  let torn = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await onLog(path, (log) => {
      const users = Array.from({ length: ORDERS }, (_, n) => `user-${n % USERS}`);
      return log.append(INPUT, users.map((user) => ({ key: user, value: { user } })));
    });
    const { signal, code, stderr } = await runJob({
      path,
      dies: { nth: 1 + kill % 4, when: kill % 3 === 0 ? "before" : "after" },
    });
    assertEquals(signal, "SIGKILL", `it ended with code ${code}: ${new TextDecoder().decode(stderr)}`);
    using kv = await Deno.openKv(path);
    assert(await unwritten(kv) > 0, "the head names rows that were not written");
    const now = await ordersIn(kv);
    for (const [key, orders] of before) {
      assert(now.get(key)! >= orders, `${key} went from ${orders} to ${now.get(key)}`);
    }
    for (let user = 0; user < USERS; user++) {
      const seen = new Set(Array.from({ length: SEATS }, (_, seat) => now.get(`user-${user}/${seat}`)));
      if (seen.size > 1) torn++;
    }
    before = now;
  }
  assert(torn > 0, "some kills left a part of the rows of an epoch");
  await onLog(path, (log) => log.end(INPUT));
  const { code, stdout, stderr } = await runJob({ path });
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  assertMatch(new TextDecoder().decode(stdout), /, [1-9]\d+ rows of tables written again$/m);
  using kv = await Deno.openKv(path);
  assertEquals(await unwritten(kv), 0);
  const rows = await ordersIn(kv);
  assertEquals([rows.size, new Set(rows.values())], [USERS * SEATS, new Set([KILLS * ORDERS / USERS])]);
  const log = embeddedLog(kv);
  const counts = await Array.fromAsync(log.read(COUNTS), ({ value }) => new TextDecoder().decode(value!));
  assertEquals([counts.length, new Set(counts).size], [KILLS * ORDERS, KILLS * ORDERS]);
  console.log(`  ${torn} times a user's rows were of two epochs after a kill`);
  await Deno.remove(folder, { recursive: true });
});
