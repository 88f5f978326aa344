/** The pages of documentation keep what they promise: commands, flags, tests, mutations and pictures that they name exist. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { COMMANDS } from "../cli/commands.ts";
import { MUTATIONS } from "./sim/mutations.ts";
import { PICTURES } from "./support/pictures.ts";
import { documents, read } from "./support/documents.ts";
import { spoken } from "./support/spoken.ts";
import { testNames } from "./support/test_names.ts";
import { readTree } from "./support/tidy/source.ts";

const PAGES = documents();

/** All matches of a pattern's first group, with the page. */
function named(pattern: RegExp, pages: readonly string[] = PAGES): { page: string; name: string }[] {
  return pages.flatMap((page) =>
    [...read(page).matchAll(pattern)].map(([, name]) => ({ page, name: name.replace(/\s+/g, " ") }))
  );
}

function unknown(found: readonly { page: string; name: string }[], isKnown: (name: string) => boolean): string[] {
  return found.filter(({ name }) => !isKnown(name)).map(({ page, name }) => `${page}: ${name}`);
}

/** Whether the program of a task has a flag: its name stands in one of the files beside it. */
function isKnown(command: string, flag: string): boolean {
  const program = command.split(" ").findLast((word) => word.endsWith(".ts"))!;
  if (program === "tests/run.ts" && flag === "filter") return true; // Goes on to `deno test`.
  const folder = program.split("/").slice(0, -1).join("/");
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`).filter((path) =>
    path.endsWith(".ts")
  );
  const named = new RegExp(`--${flag}\\b|["']${flag}["']|^\\s*${flag}: \\{`, "m");
  return files.some((path) => named.test(read(path)));
}

/** The lines of the shell's examples. */
function shellLines(page: string): string[] {
  return [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, text]) => text.trim().split("\n"));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

describe("the pages of documentation", () => {
  it("name only tasks that deno.json has", () => {
    const { tasks } = JSON.parse(read("deno.json"));
    const found = named(/\bdeno task ([a-z-]+)/g);
    assert(found.length > 20, `${found.length} tasks`);
    assertEquals(unknown(found, (name) => Object.hasOwn(tasks, name)), []);
  });

  it("give tasks only flags that their programs know", () => {
    const { tasks } = JSON.parse(read("deno.json"));
    const found = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\bdeno task ([a-z-]+)([^`\n]*)/g)].flatMap(([, task, words]) =>
        [...words.matchAll(/(?<=\s)--([a-z-]+)/g)].map(([, flag]) => ({ page, task, flag }))
      )
    );
    assert(found.length > 15, `${found.length} flags`);
    const wrong = found.filter(({ task, flag }) => !isKnown(tasks[task].command, flag));
    assertEquals(wrong, []);
  });

  it("name only commands of the command line that there are", () => {
    const found = named(/\bdeno task cli ([a-z][a-z-]*)/g);
    assert(found.length >= 8, `${found.length} commands`);
    assertEquals(unknown(found, (name) => COMMANDS.some((command) => command.name === name)), []);
  });

  it("run only files that there are", () => {
    const lines = PAGES.flatMap((page) => shellLines(read(page)).map((line) => ({ page, line })));
    assert(lines.length > 20, `${lines.length} lines`);
    const files = lines.flatMap(({ page, line }) =>
      (line.match(/(?<=[\s=]|^)[\w./-]+\/[\w.-]+\.(ts|yaml|json|sh)\b|\S+\/Dockerfile/g) ?? []).map((path) => ({
        page,
        path,
      }))
    );
    assert(files.length > 5, `${files.length} files`);
    assertEquals(files.filter(({ path }) => !exists(path)), []);
  });

  it("show each picture that is drawn, and no other", () => {
    const shown = named(/\]\((?:docs\/)?pictures\/([\w-]+)\.svg\)/g);
    assertEquals([...new Set(shown.map(({ name }) => name))].sort(), Object.keys(PICTURES).sort());
  });

  it("name only tests that there are", async () => {
    const tests = await testNames();
    const found = named(/\btest "([^"]+)"/g);
    assert(found.length > 20, `${found.length} tests`);
    assertEquals(unknown(found, (name) => tests.some((pattern) => pattern.test(name))), []);
  });

  it("name only mutations that the simulator has to find", () => {
    const found = named(/\bmutation "([^"]+)"/g);
    assert(found.length > 10, `${found.length} mutations`);
    assertEquals(unknown(found, (name) => MUTATIONS.some((mutation) => mutation.name === name)), []);
  });
});

describe("the failure table", () => {
  it("says for each moment what is lost, what is repeated, who repairs it and what shows it", () => {
    const rows = read("docs/exactly-once.md").split("\n")
      .filter((line) => line.startsWith("|") && !/^\|\s*(-|moment)/.test(line))
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
    assert(rows.length > 25, `${rows.length} moments`);
    const poor = rows.filter((cells) =>
      cells.length !== 5 || cells.includes("") || !/(test|mutation) "|^none: /.test(cells[4])
    );
    assertEquals(poor.map(([moment]) => moment), []);
  });
});

describe("the ten questions", () => {
  const page = read("docs/troubleshooting.md");
  const parts = page.split(/^## /m).slice(1);

  it("are ten, and each says where to look and what helps", () => {
    assertEquals(parts.map((part) => Number(/^\d+/.exec(part)?.[0])), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const poor = parts.filter((part) =>
      !/\*\*Look at\*\*/.test(part) || !/\*\*What helps\*\*|ends again|`readDetails/.test(part)
    );
    assertEquals(poor.map((part) => part.split("\n")[0]), []);
  });

  it("quote what the code says, word for word", () => {
    const texts = readTree(Deno.cwd()).filter(({ path }) => path.startsWith("runtime/")).map(spoken);
    const quotes = [...page.matchAll(/^> `([^`]+)`$/gm)].map(([, quote]) => quote);
    assert(quotes.length >= 7, `${quotes.length} quotes`);
    // What is filled in stands in pointed brackets; what stands between must be in the code.
    const words = (quote: string) =>
      quote.split(/<[^<>]+>|[;:] /).map((part) => part.trim()).filter((part) => part.length > 2);
    const missing = quotes.flatMap((quote) =>
      words(quote).filter((part) => !texts.some((text) => text.includes(part)))
    );
    assertEquals(missing, []);
  });
});
