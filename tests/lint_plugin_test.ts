import { assert, assertEquals } from "@std/assert";
import * as rxjs from "rxjs";
import plugin from "@tidemark/streams/testing/lint";
import { CREATORS, OPERATORS } from "../testing/_lint_operators.ts";

/** What is said of a program, by rule and text of the place. */
function said(program: string): string[] {
  return Deno.lint.runPlugin(plugin, "main.ts", program)
    .map(({ id, range: [start, end] }) => `${id}: ${program.slice(start, end)}`);
}

const IMPORTS = `
import { bufferTime, concat, delay, filter, from, map, merge, mergeMap, pairwise, scan, share, startWith, Subject, take, toArray } from "rxjs";
import { eventTime, keyedReduce, lateSideOutput, tumblingWindow, watermark } from "@tidemark/streams";
`;

Deno.test("the plugin names what remembers, is asynchronous or comes later between two stages", () => {
  assertEquals(
    said(`${IMPORTS}
      broker.source("clicks").pipe(
        eventTime((click) => click.at),
        scan((total) => total + 1, 0),
        delay(10),
        startWith(0),
        keyedReduce(options),
        pairwise(),
        broker.sink("totals"),
      );`),
    [
      "tidemark/remembers: scan((total) => total + 1, 0)",
      "tidemark/remembers: pairwise()",
      "tidemark/asynchronous: delay(10)",
      "tidemark/later: startWith(0)",
    ],
  );
});

Deno.test("the plugin says in one sentence what goes wrong and what to write instead", () => {
  const [{ message }] = Deno.lint.runPlugin(
    plugin,
    "main.ts",
    `${IMPORTS} broker.source("clicks").pipe(scan(count, 0), broker.sink("totals"));`,
  );
  assertEquals(
    message,
    "scan() between the stages of a Tidemark pipeline remembers what is in no checkpoint, and forgets it when the process dies: " +
      "keep it with keyedReduce({ name, key, initial, reduce }).",
  );
});

Deno.test("the plugin looks through chains, variables and merge()", () => {
  assertEquals(
    said(`${IMPORTS}
      const clicks = broker.source("clicks").pipe(eventTime(at), pairwise());
      const calls = broker.source("calls").pipe(share());
      const both = merge(clicks, calls!).pipe(filter(Boolean)).pipe(take(3));
      const totals = both.pipe(keyedReduce(options), broker.sink("totals"));
      const late = window.pipe(lateSideOutput((late) => late.pipe(scan(count, 0), broker.sink("late"))), broker.sink("out"));
      concat(clicks, calls).pipe(broker.sink("all"));
    `).sort(),
    [
      "tidemark/later: concat(clicks, calls)",
      "tidemark/remembers: pairwise()",
      "tidemark/remembers: scan(count, 0)",
      "tidemark/remembers: share()",
      "tidemark/remembers: take(3)",
    ],
  );
});

Deno.test("the plugin knows rxjs by any import, a name by another, and pipe() as a function", () => {
  assertEquals(
    said(`
      import * as rx from "npm:rxjs@^7.8";
      import { scan as running } from "rxjs/operators";
      import * as tidemark from "jsr:@tidemark/streams@^0.1.0";
      const stages = rx.pipe(rx.pairwise(), tidemark.keyedReduce(options));
      source.pipe(running(count, 0), tidemark.watermark({ maxOutOfOrderness: 0 }));
    `),
    ["tidemark/remembers: rx.pairwise()", "tidemark/remembers: running(count, 0)"],
  );
});

Deno.test("the plugin names an operator's own index, and functions that give promises", () => {
  assertEquals(
    said(`${IMPORTS}
      broker.source("clicks").pipe(
        map((click, index) => ({ ...click, index })),
        mergeMap(async (click) => await look(click)),
        mergeMap((click) => click.parts),
        broker.sink("out"),
      );`),
    [
      "tidemark/remembers: map((click, index) => ({ ...click, index }))",
      "tidemark/asynchronous: mergeMap(async (click) => await look(click))",
    ],
  );
});

Deno.test("the plugin leaves alone what has no part in the results of a job", () => {
  const programs = {
    "stateless operators":
      `broker.source("a").pipe(map(f), filter(g), mergeMap((x) => [x]), keyedReduce(o), broker.sink("b"));`,
    "a pipe with no stage of Tidemark": `clicks.pipe(scan(count, 0), pairwise()).subscribe(console.log);`,
    "a peek at a topic": `broker.source("clicks").pipe(take(10)).subscribe(console.log);`,
    "operators after the sink": `broker.source("a").pipe(map(f), broker.sink("b"), scan(count, 0));`,
    "an inner stream of its own": `broker.source("a").pipe(mergeMap((x) => from(x).pipe(take(3))), broker.sink("b"));`,
    "a notebook's pipeline over an array": `
      const rows = from([1, 2]).pipe(take(1));
      merge(rows, from([3])).pipe(pairwise(), eventTime(f), watermark(o), tumblingWindow(w), toArray()).subscribe();`,
    "a Subject": `const clicks = new Subject(); clicks.pipe(pairwise(), eventTime(f)).subscribe();`,
    "results read from their topic": `log.source("b").pipe(toArray()).subscribe(check);`,
  };
  for (const [what, program] of Object.entries(programs)) assertEquals(said(IMPORTS + program), [], what);
});

Deno.test("the plugin leaves alone an operator that somebody else calls scan, and files without Tidemark", () => {
  assertEquals(
    said(`
      import { keyedReduce } from "@tidemark/streams";
      import { scan } from "./scan.ts";
      const pairwise = () => keep();
      broker.source("a").pipe(scan(f), pairwise(), keyedReduce(o), broker.sink("b"));
    `),
    [],
  );
  assertEquals(said(`import { scan } from "rxjs"; pipeline.pipe(scan(f), kitchen.sink("b"));`), []);
});

Deno.test("the plugin looks at the real programs of this repository and finds nothing in them", async () => {
  for (const path of ["examples/recommendations/pipeline.ts", "examples/first_steps.ts"]) {
    assertEquals(said(await Deno.readTextFile(new URL(`../${path}`, import.meta.url))), [], path);
  }
});

Deno.test("deno lint loads the plugin from a project's deno.json", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-lint-" });
  try {
    const config = { lint: { plugins: [new URL("../testing/lint.ts", import.meta.url).href] } };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    await Deno.writeTextFile(
      `${folder}/main.ts`,
      `import { scan } from "rxjs";\nimport { memory } from "@tidemark/streams";\n` +
        `const log = memory();\nexport const totals = log.source("a").pipe(scan((n) => n, 0), log.sink("b"));\n`,
    );
    const command = new Deno.Command(Deno.execPath(), {
      args: ["lint", "--rules-exclude=no-unversioned-import", "main.ts"],
      cwd: folder,
      stdin: "null",
      env: { NO_COLOR: "1" },
    });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 1, text);
    assert(text.includes("error[tidemark/remembers]: scan() between the stages of a Tidemark pipeline"), text);
    assert(text.includes("Found 1 problem"), text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every name in the plugin's tables is one of RxJS", () => {
  const names = [...OPERATORS.keys(), ...CREATORS.keys()];
  assertEquals(names.filter((name) => !(name in rxjs)), []);
});
