/** What is published has the page's files as strings, and works the same. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ASSETS as PAGE } from "../dashboard/_assets.ts";
import { inProject } from "./support/consumer.ts";
import { ASSETS, copyTwin, inlined } from "./support/run/twin.ts";

/** Asks the page for all of its files, with no right to read any. */
const PROGRAM = `
import { memory, run } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";

const log = memory();
await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "page", state: ":memory:", log: () => {} });
await using page = await dashboard(job, { port: 0, log: () => {} });
const files: [string, string, string | null][] = [];
for (const path of JSON.parse(Deno.args[0])) {
  const answer = await fetch(new URL(path, page.url));
  files.push([path, await answer.text(), answer.headers.get("content-type")]);
}
console.log(JSON.stringify(files));
`;

/** The modules below a folder that have text imports. */
async function withTextImports(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await withTextImports(path));
    else if (name.endsWith(".ts") && /with \{ type: "text" \}/.test(await Deno.readTextFile(path))) found.push(path);
  }
  return found;
}

Deno.test("the twin of the package shows the page to a user's project that may read nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-twin-" });
  try {
    await copyTwin(folder);
    assertEquals(await withTextImports(folder), []);
    assert(!Array.from(Deno.readDirSync(folder), ({ name }) => name).includes("tests"));
    await inProject(folder, PROGRAM, async (deno) => {
      const said = await deno("run", "--allow-net=127.0.0.1", "main.ts", JSON.stringify([...PAGE.keys()]));
      assertEquals(JSON.parse(said), [...PAGE].map(([path, { text, type }]) => [path, text, type]));
    });
    await Deno.copyFile(ASSETS, `${folder}/${ASSETS}`);
    assertEquals(await withTextImports(folder), [`${folder}/${ASSETS}`], "it is the only module that has any");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a text import becomes a constant, whatever is in the file", async () => {
  const text = '`${a}` "b" \\ \u2028\n';
  const source = 'import one from "./one.js" with { type: "text" };\nexport const ONE = one;\n';
  const twin = await inlined(source, () => Promise.resolve(text));
  const { ONE } = await import(`data:text/typescript,${encodeURIComponent(twin)}`);
  assertEquals(ONE, text);
  await assertRejects(
    () => inlined(`import a,\n  b from "./one.js" with { type: "text" };`, () => Promise.resolve("")),
    Error,
  );
});
