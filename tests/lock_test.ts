import { assert, assertEquals, assertMatch } from "@std/assert";
import { acquireLock } from "../state/file_lock.ts";
import { lines } from "./support/lines.ts";

const HOLDER = `
  import { acquireLock } from ${JSON.stringify(new URL("../state/file_lock.ts", import.meta.url).href)};
  const lock = await acquireLock(Deno.args[0], { job: "shop" });
  console.log(lock.heldBy ?? "held");
  await Deno.stdin.read(new Uint8Array(1));
`;

/** A process that takes a lock and keeps it until it is killed. */
async function startHolder(path: string) {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, HOLDER);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-config", script, path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = lines(child.stdout);
  assertEquals((await output.next()).value, "held");
  return {
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await child.status;
      await output.return(undefined);
      await child.stdin.close().catch(() => undefined);
      await Deno.remove(script);
    },
  };
}

Deno.test("acquireLock() is refused while another process holds the lock, and says which one", async () => {
  const path = await Deno.makeTempFile();
  const holder = await startHolder(path);
  const refused = await acquireLock(path, { job: "second" });
  assertEquals(refused.heldBy, `process ${holder.pid}, which runs the job "shop"`);

  await holder.kill();
  const lock = await acquireLock(path, { job: "second" });
  assert(lock.heldBy === undefined, "the kernel frees the lock of a process that was killed");
  lock.release();
  await Deno.remove(path);
  await Deno.remove(`${path}.lock`);
});

Deno.test("acquireLock() is refused to a second user in the same process until the first one releases it", async () => {
  const path = await Deno.makeTempFile();
  const first = await acquireLock(path);
  assert(first.heldBy === undefined);
  assertEquals((await acquireLock(path)).heldBy, `process ${Deno.pid}`);
  first.release();
  first.release();
  const second = await acquireLock(path);
  assert(second.heldBy === undefined);
  second.release();
  await Deno.remove(path);
  await Deno.remove(`${path}.lock`);
});

Deno.test("acquireLock() says another process when the holder has not written its name", async () => {
  const path = await Deno.makeTempFile();
  using file = await Deno.open(`${path}.lock`, { read: true, write: true, create: true });
  assert(await file.tryLock(true));
  assertMatch((await acquireLock(path)).heldBy!, /^another process$/);
  await Deno.remove(path);
  await Deno.remove(`${path}.lock`);
});
