import { assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../", import.meta.url).pathname;
const SCRIPT = "examples/first_steps.ts";

/** Runs Deno to its end and returns what it printed. */
async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null", env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** The rows of the printed tables, without their numbers. */
function rows(printed: string): string[][] {
  return [...printed.matchAll(/^│ +\d+ │(.*)│$/gm)].map(([, row]) => row.split("│").map((cell) => cell.trim()));
}

const SHOWN = [
  ['"ada"', "0", "2", '"onTime"'],
  ['"bob"', "0", "1", '"onTime"'],
  ['"bob"', "0", "2", '"late"'],
  ['"ada"', "1", "1", '"onTime"'],
  ['"bob"', "1", "1", '"onTime"'],
  ['"ada"', "2", "1", '"onTime"'],
  ['"bob"', "20000"],
];

Deno.test("first_steps.ts shows windows, a corrected one and a late record, without any permission", async () => {
  assertEquals(rows(await deno("run", SCRIPT)), SHOWN);
});

Deno.test("first_steps.ts is in cells, and runs statement by statement as in a notebook", async () => {
  const text = await Deno.readTextFile(`${ROOT}${SCRIPT}`);
  assertMatch(text, /(\n\/\/ %% [\s\S]*?\n){4,}/);
  // A notebook's kernel evaluates cells as the REPL does.
  assertEquals(rows(await deno("repl", "--allow-read", "--quiet", `--eval-file=${SCRIPT}`)), SHOWN);
});
