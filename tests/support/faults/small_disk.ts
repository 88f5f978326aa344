/** A disk of a few megabytes, in memory: mounted by root, on Linux. */

const decoder = new TextDecoder();

/** A disk of this many bytes. `full` fills it, `free` frees the space. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  full(): Promise<void>;
  free(): Promise<void>;
}

/** Why no disk can be mounted here; `undefined` when it can. */
export async function whyNoDisk(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return `there is no tmpfs on ${Deno.build.os}`;
  if (Deno.uid() !== 0) return "only root may mount a tmpfs, and this is another user";
  try {
    await (await smallDisk(1024 * 1024))[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Mounts a disk. */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const path = await Deno.makeTempDir({ prefix: "tidemark-disk-" });
  try {
    await command("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  const ballast = `${path}/ballast`;
  return {
    path,
    async full() {
      using file = await Deno.open(ballast, { write: true, create: true, append: true });
      // Single bytes at the end, so that not even a page is left.
      for (const piece of [new Uint8Array(64 * 1024), new Uint8Array(1024), new Uint8Array(1)]) {
        try {
          for (;;) await file.write(piece);
        } catch (error) {
          if (!/os error 28/.test(String(error))) throw error;
        }
      }
    },
    free: () => Deno.remove(ballast),
    async [Symbol.asyncDispose]() {
      await command("umount", path);
      await Deno.remove(path);
    },
  };
}

async function command(name: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(name, { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`${name} does not work here: ${decoder.decode(stderr).trim()}`);
}
