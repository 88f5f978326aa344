/** The parent's side of a process that holds the write lock of a KV file. */
import { lines } from "../lines.ts";

const HOLDER = new URL("./hold_lock.ts", import.meta.url).pathname;

/** Starts a process that locks the file. Resolves when it has the lock, with the function that frees it. */
export async function lockFile(path: string): Promise<{ free(): Promise<void> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", HOLDER, path],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const said = lines(child.stdout);
  if ((await said.next()).value !== "locked") throw new Error(`Cannot lock ${path}`);
  return {
    async free() {
      await child.stdin.close();
      await said.next();
      await child.status;
    },
  };
}
