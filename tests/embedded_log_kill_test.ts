import { headerOf } from "../connectors/headers.ts";
import { assert, assertEquals } from "@std/assert";
import { acquireLock } from "../state/file_lock.ts";
import { embeddedLog } from "../connectors/embedded/log.ts";
import { systemClock } from "../base/clock.ts";
import { KvStore } from "../state/kv_store.ts";
import { sizeOf, takesSeveral } from "./support/append_until_killed.ts";
import { lines } from "./support/lines.ts";

const APPENDER = new URL("./support/append_until_killed.ts", import.meta.url);

/** Runs the appender until a batch is durable, before one that takes several atomics or before any, and a little longer; then kills it. */
async function appendAndKill(path: string, { large, spin }: { large: boolean; spin: number }) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      `--config=${new URL("../deno.json", import.meta.url).pathname}`,
      "--no-lock",
      APPENDER.pathname,
      path,
    ],
    stdout: "piped",
  }).spawn();
  const output = lines(child.stdout);
  let from = -1;
  let durable = -1;
  const read = (line: string) => {
    const [word, number] = line.split(" ");
    if (word === "from") from = Number(number);
    else durable = Number(number);
  };
  while (durable < 0 || (large && !takesSeveral(durable + 1))) {
    const next = await output.next();
    assert(!next.done, "the appender ended by itself");
    read(next.value);
  }
  // The next batch is on its way; how far it gets before the kill is up to this loop and the machine.
  for (let turn = 0; turn < spin; turn++) await Deno.stat(path);
  child.kill("SIGKILL");
  for await (const line of output) read(line);
  await child.status;
  return { from, durable };
}

Deno.test("embeddedLog() has no hole and no half batch after ten kills in the middle of appends", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/log.db`;
  let half = 0;
  for (let kill = 0; kill < 10; kill++) {
    const { from, durable } = await appendAndKill(path, { large: kill % 3 !== 0, spin: kill * 12 });
    const lock = await acquireLock(path);
    assert(lock.heldBy === undefined, "a killed process holds no lock");
    using kv = await Deno.openKv(path);
    const log = embeddedLog(kv);
    half += await orphans(kv, await log.bounds("events"));
    const connection = await log.open({
      job: "check",
      store: new KvStore(kv, path, systemClock),
      now: () => 0,
      log: () => {},
    });
    assertEquals(await orphans(kv, await log.bounds("events")), 0);
    const batches = await countBatches(log);
    assert(batches.length - 1 >= durable, `batch ${durable} was durable, and there are ${batches.length}`);
    assert(batches.length <= durable + 2, `one batch at a time is on its way, and there are ${batches.length}`);
    assertEquals(batches, batches.map((_, batch) => sizeOf(batch)));
    assert(from <= batches.length);
    await connection.close();
    lock.release();
  }
  console.log(`  ${half} entries of appends that were cut short were swept`);
  await Deno.remove(folder, { recursive: true });
});

/** How many stored values lie beyond the end. */
async function orphans(kv: Deno.Kv, bounds: readonly { readonly latest: number }[]): Promise<number> {
  let count = 0;
  for await (const { key } of kv.list({ prefix: ["log", "chunk", "events"] })) {
    if (key[4] as number >= bounds[key[3] as number].latest) count++;
  }
  return count;
}

/** The size of each batch that is in the log, with every offset and every order looked at on the way. */
async function countBatches(log: ReturnType<typeof embeddedLog>): Promise<number[]> {
  const sizes: number[] = [];
  const bounds = await log.bounds("events");
  for (let partition = 0; partition < bounds.length; partition++) {
    let offset = 0;
    let last = 0;
    for await (const record of log.read("events", { partition })) {
      assertEquals(record.offset, offset++);
      const batch = Number(new TextDecoder().decode(headerOf(record.headers, "batch")!));
      assert(batch >= last, `batch ${batch} lies after batch ${last}`);
      last = batch;
      sizes[batch] = (sizes[batch] ?? 0) + 1;
    }
    assertEquals(offset, bounds[partition].latest);
  }
  return sizes;
}
