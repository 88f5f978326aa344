/**
 * The configuration under which tests are checked and run.
 *
 * It is `deno.json`, and where JSR cannot be reached, links to local stand-ins of the few `@std` functions that the tests
 * use. It is written to a file beside `deno.json` because relative paths in it must mean the same.
 */

const GENERATED = ".deno.test.json";
const STAND_INS = ["./tests/support/std/assert", "./tests/support/std/testing"];
/** How long JSR may take to answer, in milliseconds. */
const JSR_LIMIT = 5_000;

export interface TestConfig extends Disposable {
  /** Flags for `deno test` and `deno check`. */
  readonly flags: string[];
  /** One line for people: where `@std` comes from. */
  readonly library: string;
}

/** Writes the configuration; disposing of it removes what only this run needs. */
export async function prepareConfig(): Promise<TestConfig> {
  const config = JSON.parse(await Deno.readTextFile("deno.json"));
  const reachable = await jsrAnswers();
  // Without a lockfile of its own a run would write the stand-ins, or JSR's packages, into the repository's lockfile.
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

/** Another run may be reading the file: it sees the old one or the new one, never half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${Deno.pid}`;
  await Deno.writeTextFile(beside, text);
  await Deno.rename(beside, path);
}
