/**
 * `deno task check`: format, lint, types, doc comments, and whether the package could be published.
 *
 * All of them are run even when one fails, so that one look shows everything that is to be done.
 */
import { prepareConfig } from "./support/run/config.ts";
import { manifest } from "./support/run/manifest.ts";
import { copyTwin } from "./support/run/twin.ts";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  using config = await prepareConfig();
  const failed: string[] = [];
  const step = async (name: string, check: () => Promise<boolean>) => {
    console.log(`Checking ${name} ...`);
    if (!(await check())) failed.push(name);
  };
  await step("format", () => succeeds("fmt", "--check", "--quiet"));
  await step("lint", () => succeeds("lint", "--quiet"));
  await step("types", () => succeeds("check", "--quiet", ...config.flags, "."));
  await step("doc comments", documented);
  await step("the package", publishable);
  console.log(failed.length === 0 ? "All checks passed." : `Failed: ${failed.join(", ")}.`);
  return failed.length === 0 ? 0 : 1;
}

async function succeeds(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn().status;
  return success;
}

/** Everything that is exported has a doc comment; what Deno says about the types of other packages is left out. */
async function documented(): Promise<boolean> {
  const { exports } = await manifest();
  const modules: string[] = Object.values(exports);
  const said = await output(["doc", "--lint", ...modules]);
  const missing = said.split(/\n(?=error\[)/).filter((complaint) => {
    const place = /--> (\S+?):\d+/.exec(complaint)?.[1] ?? "";
    return complaint.startsWith("error[missing-jsdoc]") && place.startsWith(`${Deno.cwd()}/`);
  });
  for (const complaint of missing) console.error(complaint.split("\n").slice(0, 4).join("\n"));
  // A module that cannot be read has no complaints of this kind, but it is not documented either.
  const unreadable = /^error: .*/m.exec(said.replace(/^error: Found \d+ documentation lint errors?\..*/m, ""))?.[0];
  if (unreadable) console.error(unreadable);
  return missing.length === 0 && unreadable === undefined;
}

/**
 * JSR would take it, as `deno task publish` gives it: explicit types, and no file that must not be in it. Only what is
 * wrong is shown.
 */
async function publishable(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-publish-" });
  await copyTwin(folder);
  const said = await output(["publish", "--dry-run", "--allow-dirty"], folder);
  await Deno.remove(folder, { recursive: true });
  const files = [...said.matchAll(/^\s+file:\/\/(\S+) \(/gm)].map(([, path]) => path.slice(folder.length + 1));
  const stray = files.filter((path) => /^(tests|bench|examples|docs|\.)|\.(db|lock)$/.test(path));
  const success = /^Success/m.test(said) && stray.length === 0;
  if (!success) console.error(said, ...stray.map((path) => `\n${path} must not be published`));
  return success;
}

async function output(args: string[], cwd = Deno.cwd()): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd, stdin: "null", env: { NO_COLOR: "1" } });
  const { stdout, stderr } = await command.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
