/** The command line as a process: permissions, exit codes, signals, completions. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { COMMANDS } from "../cli/commands.ts";
import { makeVisits, type Said, stoppedVisits } from "./support/terminal.ts";
import { scratch } from "./support/jobs.ts";

const RUN = ["run", "--no-prompt", "--quiet", "--no-lock", "--unstable-kv"];

/** Starts the program in a process of its own. The environment is empty but for what Deno needs. */
function start(permissions: readonly string[], words: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...RUN, ...permissions, "cli/main.ts", ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ended(permissions: readonly string[], words: readonly string[]) {
  const { code, stdout, stderr } = await start(permissions, words).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Runs command lines one after the other in one process that has no permission. */
async function inTurn(lines: readonly (readonly string[])[]): Promise<Said[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "tests/support/command_lines.ts", JSON.stringify(lines)],
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

describe("the command line as a process", () => {
  it("shows the help of the program and of every command without any permission, each with an example", async () => {
    const { code, out, err } = await ended([], ["--help"]);
    assertEquals([code, err], [0, ""]);
    const listed = [...out.matchAll(/^ {2}([a-z-]+) (?:\[options\]|<|\[)/gm)].map(([, name]) => name);
    assertEquals(listed, [...COMMANDS.map(({ name }) => name), "complete"]);
    const helps = await inTurn(listed.map((name) => [name, "--help"]));
    for (const [at, name] of listed.entries()) {
      assertEquals([helps[at].code, helps[at].err], [0, ""], name);
      assertMatch(helps[at].out, new RegExp(`\\nExample:\\n  .*tidemark ${name}`), name);
      assertStringIncludes(helps[at].out, "\nPermissions:\n", name);
    }
  });

  it("ends with 2 and a suggestion for a command, a flag, a choice and a word that are mistyped", async () => {
    const wrong: readonly (readonly [words: string[], said: RegExp])[] = [
      [["inspct", "shop"], /Did you mean inspect\?/],
      [["jobs", "--jsn"], /Did you mean --json\?/],
      [["dead-letters", "shop", "lst"], /Did you mean list\?/],
      [["jobs", "--color", "alwys"], /Allowed choices are auto, always, never/],
      [["inspect"], /missing required argument 'job'/],
    ];
    const said = await inTurn(wrong.map(([words]) => words));
    for (const [at, [words, pattern]] of wrong.entries()) {
      assertEquals([said[at].code, said[at].out], [2, ""], words.join(" "));
      assertMatch(said[at].err, pattern);
    }
    assertEquals((await ended([], ["inspct", "shop"])).code, 2);
  });

  it("says which permission is missing in one sentence, and ends with 1", async () => {
    const { code, out, err } = await ended([], ["jobs", "--state", "some.db"]);
    assertEquals([code, out], [1, ""]);
    assertMatch(err, /^Requires read access to "some.db", run again with the --allow-read flag\n$/);
  });

  it("needs the folder of the state only, and prints no colour into a pipe", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await stoppedVisits(state);
    const granted = [`--allow-read=${folder.path("")}`, `--allow-write=${folder.path("")}`];
    for (const words of [["jobs"], ["inspect", "shop"], ["why", "shop"], ["topics"], ["tail", "visits"]]) {
      const { code, out, err } = await ended(granted, [...words, "--state", state]);
      assertEquals([code, err], [0, ""], words.join(" "));
      assert(out.length > 0 && !out.includes("\u001b"), words.join(" "));
    }
    const { out } = await ended(granted, ["jobs", "--state", state, "--color", "always"]);
    assertStringIncludes(out, "\u001b[1mJOB");
  });

  it("ends with 130 after SIGINT", async () => {
    await using folder = await scratch();
    const state = folder.path("state.db");
    await makeVisits(state);
    const granted = [`--allow-read=${folder.path("")}`, `--allow-write=${folder.path("")}`];
    const child = start(granted, ["tail", "visits", "--follow", "--state", state]);
    const reader = child.stdout.getReader();
    const decoder = new TextDecoder();
    let text = "";
    // All that there is: a process whose output is read no more ends by that.
    while (text.split("\n").length < 7) text += decoder.decode((await reader.read()).value, { stream: true });
    assertMatch(text, /^visits\//);
    child.kill("SIGINT");
    reader.releaseLock();
    await child.stdout.cancel();
    await child.stderr.cancel();
    assertEquals((await child.status).code, 130);
  });

  it("completes commands, flags and choices in bash, zsh and fish", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out } = await ended([], ["complete", shell]);
      assertEquals(code, 0);
      assertStringIncludes(out, "tidemark complete --", shell);
    }
    const completed = async (...words: string[]) => {
      const { code, out } = await ended([], ["complete", "--", ...words]);
      assertEquals(code, 0);
      return out.split("\n").map((line) => line.split("\t")[0]).filter((word) => word !== "" && !word.startsWith(":"));
    };
    assertEquals(await completed("in"), ["inspect"]);
    assertEquals(await completed("dead-letters", "shop", ""), ["list", "show", "replay"]);
    assert((await completed("tail", "--")).includes("--follow"));
    assertEquals((await completed("jobs", "--color", "")).slice(0, 3), ["auto", "always", "never"]);
  });
});
