/** The page of the command line shows what the commands really print, and names all of them. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { systemClock } from "../base/clock.ts";
import { COMMANDS } from "../cli/commands.ts";
import { scratch } from "./support/jobs.ts";
import { command, stoppedVisits } from "./support/terminal.ts";

const PAGE = "docs/command-line.md";
const page = Deno.readTextFileSync(PAGE);

/** Each command line that the page shows with its output. */
const shown = [...page.matchAll(/^```console\n\$ tidemark (.*)\n([^]*?)^```$/gm)]
  .map(([, line, output]) => ({ words: line.split(" "), output }));

/** A minute later, when nobody takes the job for one that runs. */
const clock = { ...systemClock, now: () => systemClock.now() + 60_000 };

/** Replaces what differs from run to run: times of this day, ages, sizes, versions, the folder. */
function timeless(text: string, folder: string): string {
  return text.replaceAll(folder, ".tidemark")
    .replace(/\b(?!2026-01-05)\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TODAY")
    .replace(/\d+ (min|s)( \d+ s)? ago/g, "JUST NOW").replace(/\d+ d( \d+ h)? behind/g, "LONG behind")
    .replace(/^ok +Deno +\d+\.\d+\.\d+$/m, "ok  Deno  VERSION").replace(/\d+ bytes|\d+ B\b/g, "SIZE")
    // The width of a column is that of its longest cell.
    .replace(/ +$/gm, "").replace(/ {2,}/g, "  ");
}

describe("the page of the command line", () => {
  it("names every command, and no other one", () => {
    const named = new Set([...page.matchAll(/\btidemark ([a-z]+(?:-[a-z]+)*)/g)].map(([, name]) => name));
    assertEquals([...named].sort(), [...COMMANDS.map(({ name }) => name), "complete"].sort());
  });

  it("shows what the commands print", async () => {
    await using folder = await scratch();
    const state = folder.path("shop.db");
    await stoppedVisits(state, "eve");
    await Deno.writeTextFile(folder.path("more.jsonl"), '{"user":"ada"}\n{"user":"bob"}\n');
    assert(shown.length >= 12, `${shown.length} outputs`);
    for (const { words, output } of shown) {
      const own = words.map((word) => word === "more.jsonl" ? folder.path(word) : word);
      const { out, err } = await command([...own, "--state", state], { clock });
      const where = folder.path("").replace(/\/$/, "");
      assertEquals(timeless(out + err, where), timeless(output, where), words.join(" "));
    }
  });

  it("shows flags that the commands have", () => {
    const flags = new Set([...page.matchAll(/`(--[a-z-]+)/g)].map(([, flag]) => flag));
    const own = COMMANDS.flatMap(({ flags = [] }) => flags.map(({ flag }) => flag.split(" ")[0]));
    const common = [
      "--state",
      "--brokers",
      "--page",
      "--token",
      "--yes",
      "--dry-run",
      "--no-input",
      "--json",
      "--color",
    ];
    const others = ["--help", "--version", "--unstable-kv"];
    const unknown = [...flags].filter((flag) =>
      !/^--allow-/.test(flag) && ![...own, ...common, ...others].includes(flag)
    );
    assertEquals(unknown, []);
  });
});
