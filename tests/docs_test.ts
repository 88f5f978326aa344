/** The pages of documentation keep what they promise: commands, flags, tests, mutations and pictures that they name exist. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MUTATIONS } from "./sim/mutations.ts";
import { PICTURES } from "./support/pictures.ts";
import { documents, read } from "./support/documents.ts";
import { testNames } from "./support/test_names.ts";

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

describe("the pages of documentation", () => {
  it("name only tasks that deno.json has", () => {
    const { tasks } = JSON.parse(read("deno.json"));
    const found = named(/\bdeno task ([a-z-]+)/g);
    assert(found.length > 20, `${found.length} tasks`);
    assertEquals(unknown(found, (name) => Object.hasOwn(tasks, name)), []);
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
