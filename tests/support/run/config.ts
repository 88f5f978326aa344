/**
 * The configuration for checking and running tests.
 *
 * It is `deno.json`, with links to local stand-ins of the `@std` functions in use when JSR cannot be reached. The file
 * is beside `deno.json`, so that relative paths in it mean the same.
 */

const GENERATED = ".deno.test.json";
const STAND_INS = ["./tests/support/std/assert", "./tests/support/std/testing"];
/** How long JSR may take to answer, in milliseconds. */
const JSR_LIMIT = 5_000;

export interface TestConfig extends Disposable {
  /** Flags for `deno test` and `deno check`. */
  readonly flags: string[];
  /** One line for a message: where `@std` comes from. */
  readonly library: string;
}

/** Writes the configuration. Disposing of it removes the files that only this run needs. */
export async function prepareConfig(): Promise<TestConfig> {
  const config = JSON.parse(await Deno.readTextFile("deno.json"));
  const reachable = await jsrAnswers();
  // A lockfile of its own: otherwise a run would change the repository's lockfile.
  await replaceFile(GENERATED, JSON.stringify({ ...config, ...(reachable ? {} : { links: STAND_INS }), lock: false }));
  const scratch = await Deno.makeTempDir({ prefix: "tidemark-test-" });
  const lock = `${scratch}/deno.lock`;
  await Deno.copyFile("deno.lock", lock).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  return {
    flags: [`--config=${GENERATED}`, `--lock=${lock}`],
    library: reachable ? "@std from JSR" : "@std by local stand-ins, for JSR does not answer",
    [Symbol.dispose]: () => Deno.removeSync(scratch, { recursive: true }),
  };
}

async function jsrAnswers(): Promise<boolean> {
  const registry = Deno.env.get("JSR_URL") ?? "https://jsr.io";
  try {
    const answer = await fetch(new URL("/@std/assert/meta.json", registry), { signal: AbortSignal.timeout(JSR_LIMIT) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Replaces a file atomically: another run may be reading it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${Deno.pid}`;
  await Deno.writeTextFile(beside, text);
  await Deno.rename(beside, path);
}
