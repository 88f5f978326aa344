/** The page of troubles quotes the code: what it says there is what people see. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { says, spoken } from "./support/spoken.ts";
import { readTree, source } from "./support/tidy/source.ts";

const PAGE = "docs/when-something-is-wrong.md";

const page = await Deno.readTextFile(PAGE);
const tree = readTree(Deno.cwd());
const texts = tree.filter(({ path }) => /^(base|connectors|formats|operators|runtime|state|testing)\//.test(path)).map(
  spoken,
);

/** The rows of tables whose first column is headed so. */
function rows(text: string): string[][] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const [head, , ...rest] = block.trim().split("\n").map((line) => line.split(/\s*\|\s*/).slice(1, -1));
    return head?.[0] === "What it says" ? rest : [];
  });
}

/** Code at the beginning of a cell. */
function quoted(cell: string): string | undefined {
  return /^`([^`]+)`/.exec(cell)?.[1];
}

describe("the page of what to do when something is wrong", () => {
  it("quotes what the code says, word for word", () => {
    const quotes = rows(page).map(([first]) => quoted(first) ?? `no quote: ${first}`);
    assert(quotes.length > 100, `${quotes.length} quotes`);
    assertEquals(quotes.filter((quote) => !says(texts, quote) && !says(texts, quote.replace(/^Job <name>: /, ""))), []);
  });

  it("has the beginning and the end of every trouble that a job waits for", () => {
    const { text } = tree.find(({ path }) => path === "runtime/troubles.ts")!;
    const kinds = [...text.matchAll(/^ {2}(\w+): \{\s*begins: (WAITING|"[^"]+"),\s*ends: "([^"]+)",?\s*\}/gm)];
    assertEquals(kinds.map(([, kind]) => kind).sort(), [
      "codecs",
      "group",
      "input",
      "members",
      "partitions",
      "results",
      "store",
      "tables",
      "tasks",
      "transactions",
    ]);
    const waiting = /WAITING = "([^"]+)"/.exec(text)![1];
    const told = new Set(rows(page).map(([first, second]) => `${quoted(first)}: ${quoted(second)}`));
    const wanted = kinds.map(([, , begins, ends]) =>
      `${begins === "WAITING" ? waiting : begins.slice(1, -1)}: ${ends}`
    );
    assertEquals(wanted.filter((one) => !told.has(one)), []);
  });

  it("says for each what to do", () => {
    const poor = rows(page).filter((cells) => cells.some((cell) => cell === "")).map(([first]) => first);
    assertEquals(poor, []);
  });
});

describe("the texts of a file", () => {
  const texts = [spoken(source("x.ts", 'f(`a ${g({ b: "inner words" })} of ` +\n  `two` + "parts"); // a comment'))];

  it("are joined where parts are added, and open where something is filled in", () => {
    assert(says(texts, "a <anything> of twoparts"));
    assert(says(texts, "inner words"));
  });

  it("do not say what only a comment says, nor what stands elsewhere", () => {
    assert(!says(texts, "a comment"));
    assert(!says(texts, "a thing of two"));
  });
});
