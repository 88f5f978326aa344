/** What the documents point at is there: files, names in files, other documents and their headings. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { documents, read } from "./support/documents.ts";

const PAGES = documents();

/** Examples and pictures name files of other projects. */
const prose = (path: string) => read(path).replace(/^```[^]*?^```$/gm, "");

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The name by which GitHub knows a heading. */
function anchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase());
  return headings.map((heading) => heading.replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

/** What is wrong with a link, seen from its page. */
function wrongLink(page: string, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined;
  const [target, anchor] = link.split("#");
  const path = target === "" ? page : new URL(target, `file:///${page}`).pathname.slice(1);
  if (!exists(path)) return `${page}: ${link} is not there`;
  if (anchor === undefined || anchors(read(path)).includes(anchor)) return undefined;
  return `${page}: ${link} has no such heading`;
}

/** Files that a text names in code: with a folder, or by their ending. */
function namedFiles(text: string): string[] {
  const code = [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, words]) => words.split(" "));
  return code.filter((word) =>
    /^(base|operators|state|connectors|runtime|dashboard|telemetry|testing|tests|bench|docs|examples)\/[\w./-]*$/.test(
      word,
    )
  );
}

describe("the documents", () => {
  it("link only to what is there", () => {
    const links = PAGES.flatMap((page) =>
      [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => wrongLink(page, link))
    );
    assert(links.length > 30, `${links.length} links`);
    assertEquals(links.filter((wrong) => wrong !== undefined), []);
  });

  it("name only files that are there", () => {
    const missing = PAGES.flatMap((page) =>
      namedFiles(prose(page)).filter((path) => !exists(path)).map((path) => `${page}: ${path}`)
    );
    assertEquals(missing, []);
  });

  it("name only functions and methods that stand in the file that they name", () => {
    const named = PAGES.flatMap((page) => [...prose(page).matchAll(/`([\w.]+)` in `([\w/.]+\.ts)`/g)]);
    assert(named.length >= 5, `${named.length} names`);
    const missing = named.filter(([, name, path]) =>
      !name.split(".").every((part) => new RegExp(`\\b${part}\\b`).test(read(path)))
    );
    assertEquals(missing.map(([words]) => words), []);
  });

  it("show the rooms that there are", () => {
    const picture = /```text\n([^]*?)```/.exec(read(".github/ARCHITECTURE.md"))![1];
    const rooms = picture.trim().split("\n").map((line) => line.split(" ")[0].replace(/\/$/, ""));
    assertEquals(rooms.filter((room) => !exists(room)), []);
    const files = [...picture.matchAll(/\b[\w]+\.ts\b/g)].map(([name]) => name);
    assertEquals(files.filter((name) => !rooms.some((room) => exists(`${room}/${name}`))), []);
  });
});
