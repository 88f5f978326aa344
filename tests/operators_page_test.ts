/** The page of operators is what their doc comments say, and its pictures are what they do. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as operators from "../operators/mod.ts";
import { OPERATOR_PICTURES } from "./support/operator_pictures.ts";
import { optionsOf, readOperators, SHARED } from "./support/operator_sources.ts";
import { drawingOf, FOLDER, formatted, operatorsPage, pictureOf } from "./support/operators_page.ts";
import { wellFormed } from "./support/well_formed.ts";

const ANEW = "Make it anew: deno run -A --no-lock tests/support/operators_page.ts";
const page = Deno.readTextFileSync("docs/operators.md");

/** The part of the page about one operator. */
function entry(name: string): string {
  return page.split(/^#{2,3} /m).find((part) => part.startsWith(`\`${name}\`\n`)) ?? "";
}

describe("the page of operators", () => {
  it("is what the doc comments say", async () => {
    assertEquals(page, await formatted(operatorsPage()), ANEW);
  });

  it("has everything that the package exports as an operator, an aggregate or a helper of one", () => {
    const functions = Object.entries(operators).filter(([, value]) => typeof value === "function").map(([name]) =>
      name
    );
    assertEquals([...readOperators().keys()].sort(), functions.sort());
    assertEquals(functions.filter((name) => !page.includes(`\`${name}\``)), []);
  });

  it("says of each operator that keeps state what it keeps, and shows its marbles, its options and an example", () => {
    const headings = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name).filter((name) =>
      name !== "recordInfo"
    );
    assert(headings.length >= 24, `${headings.length} operators`);
    const found = readOperators();
    assertEquals(headings.filter((name) => found.get(name)!.keeps === undefined), []);
    assertEquals(headings.filter((name) => !entry(name).includes("```text\n")), []);
    assertEquals(headings.filter((name) => !entry(name).includes("```ts ignore\n")), []);
    const without = headings.filter((name) => found.get(name)!.options.length === 0);
    assertEquals(without, ["lateSideOutput"]);
  });

  it("has the options that are shared with their defaults", () => {
    for (const type of SHARED) assert(optionsOf(type).length >= 5, type);
    assert(/\| `allowedLateness` +\| How long after its end .* \| `0` +\|/.test(page));
  });
});

describe("the pictures of operators", () => {
  for (const name of Object.keys(OPERATOR_PICTURES)) {
    it(`are what the code draws: ${name}`, () => {
      const svg = drawingOf(name);
      assertEquals(svg, Deno.readTextFileSync(`${FOLDER}/${pictureOf(name)}`), ANEW);
      assertEquals(wellFormed(svg), []);
      assert(entry(name).includes(`](pictures/operators/${pictureOf(name)})`));
    });
  }

  it("are all in the page", () => {
    const files = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).sort();
    assertEquals(files, Object.keys(OPERATOR_PICTURES).map(pictureOf).sort());
  });
});
