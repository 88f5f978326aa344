/** The rules themselves, on small made-up trees: each of them must be able to fail. */
import { assertEquals } from "@std/assert";
import { importCircles } from "./support/tidy/circles.ts";
import { strayClocks, strayKv } from "./support/tidy/effects.ts";
import { importsOf, wrongImports, wrongModules } from "./support/tidy/imports.ts";
import { poorTestNames } from "./support/tidy/names.ts";
import { strayRegisters, unprovenOperators } from "./support/tidy/operators.ts";
import { suitesWithoutBdd, unfakedTime, unmappedPackages } from "./support/tidy/packages.ts";
import { functionsOf, longFiles, longFunctions } from "./support/tidy/sizes.ts";
import { type Source, source } from "./support/tidy/source.ts";

function tree(files: Record<string, string>): Source[] {
  return Object.entries(files).map(([path, text]) => source(path, text));
}

/** A tree of one file that imports `specifier`, and what the rules say of it: how many complaints. */
function complaints(path: string, specifier: string, kind = "import"): number {
  return wrongImports(tree({ [path]: `${kind} { a } from "${specifier}";` })).length;
}

Deno.test("source() blanks comments, strings, templates and regular expressions, but no code", () => {
  const text = 'a("x//y", /[/"]\\//g, `b ${c({ d: "e" })} f`); // g\n/* h\n */ i / j / k;';
  const { code, uncommented } = source("a.ts", text);
  assertEquals(code.length, text.length);
  assertEquals(code.replace(/ +/g, " ").trim(), 'a(" ", / /g, ` ${c({ d: " " })} `); \n \n i / j / k;');
  assertEquals(
    uncommented.replace(/ +/g, " ").trim(),
    'a("x//y", /[/"]\\//g, `b ${c({ d: "e" })} f`); \n \n i / j / k;',
  );
});

Deno.test("importsOf() sees every form of import, and none in comments or strings", () => {
  const text = [
    'import "./bare.ts";',
    'import type { A } from "./type.ts";',
    'import { type B, type C as D } from "./types.ts";',
    "import {\n  e,\n  f as g,\n} from './several.ts';",
    'export * from "./again.ts";',
    'const late = await import("./late.ts");',
    '// import { no } from "./comment.ts";',
    'const text = `\nimport { no } from "./template.ts";\n`;',
  ].join("\n");
  assertEquals(
    importsOf(source("a.ts", text)).map((
      { line, specifier, typeOnly, names },
    ) => [line, specifier, typeOnly, ...names]),
    [
      [1, "./bare.ts", false],
      [2, "./type.ts", true, "A"],
      [3, "./types.ts", true, "B", "C"],
      [4, "./several.ts", false, "e", "f"],
      [8, "./again.ts", false],
      [9, "./late.ts", false],
    ],
  );
});

Deno.test("wrongImports() keeps an operator from importing an operator", () => {
  assertEquals(complaints("operators/session_window.ts", "./tumbling_window.ts"), 1);
  assertEquals(complaints("operators/session_window.ts", "./_scope.ts"), 0);
  assertEquals(complaints("operators/session_window.ts", "./keyed_state.ts"), 0);
  assertEquals(complaints("operators/session_window.ts", "rxjs"), 0);
  assertEquals(complaints("operators/session_window.ts", "lodash"), 1);
  assertEquals(complaints("operators/session_window.ts", "../state/checkpoint.ts"), 1);
});

Deno.test("wrongImports() lets every room stand on base/, and base/ on nothing of ours", () => {
  for (const file of ["operators/session_window.ts", "state/head.ts", "runtime/run.ts", "testing/crash.ts"]) {
    assertEquals(complaints(file, "../base/clock.ts"), 0, file);
  }
  assertEquals(complaints("connectors/kafka/wire.ts", "../../base/bytes.ts"), 0);
  assertEquals(complaints("base/backoff.ts", "./clock.ts"), 0);
  assertEquals(complaints("base/backoff.ts", "node:timers"), 0);
  assertEquals(complaints("base/backoff.ts", "rxjs"), 1);
  assertEquals(complaints("base/backoff.ts", "../state/errors.ts"), 1);
  assertEquals(complaints("base/backoff.ts", "../operators/keyed_state.ts", "import type"), 1);
});

Deno.test("wrongImports() keeps state/ to itself and to keyed_state.ts", () => {
  assertEquals(complaints("state/checkpoint.ts", "./head.ts"), 0);
  assertEquals(complaints("state/checkpoint.ts", "../operators/keyed_state.ts"), 0);
  assertEquals(complaints("state/checkpoint.ts", "../operators/_scope.ts"), 1);
  assertEquals(complaints("state/checkpoint.ts", "rxjs"), 1);
  assertEquals(complaints("state/checkpoint.ts", "../connectors/connector.ts", "import type"), 1);
});

Deno.test("wrongImports() gives connectors types of state/, and nothing of each other", () => {
  assertEquals(complaints("connectors/memory.ts", "../state/checkpoint.ts", "import type"), 0);
  assertEquals(complaints("connectors/memory.ts", "../state/checkpoint.ts"), 1);
  assertEquals(complaints("connectors/memory.ts", "../state/errors.ts"), 0);
  assertEquals(complaints("connectors/memory.ts", "./connector.ts"), 0);
  assertEquals(complaints("connectors/memory.ts", "./local/append.ts"), 0);
  assertEquals(complaints("connectors/memory.ts", "./embedded/log.ts"), 1);
  assertEquals(complaints("connectors/embedded/log.ts", "./packing.ts"), 0);
  assertEquals(complaints("connectors/kafka/source.ts", "./driver.ts"), 0);
  assertEquals(complaints("connectors/kafka/source.ts", "../connector.ts"), 0);
  assertEquals(complaints("connectors/kafka/source.ts", "../memory.ts"), 1);
});

Deno.test("wrongImports() gives runtime/ the port but no connector, and no operator", () => {
  assertEquals(complaints("runtime/run.ts", "../connectors/connector.ts"), 0);
  assertEquals(complaints("runtime/run.ts", "../connectors/embedded/log.ts"), 1);
  assertEquals(complaints("runtime/run.ts", "../operators/tumbling_window.ts"), 1);
  assertEquals(complaints("runtime/run.ts", "../state/checkpoint.ts"), 0);
});

Deno.test("wrongImports() gives testing/ the memory connector and no other", () => {
  assertEquals(complaints("testing/crash.ts", "../connectors/memory.ts"), 0);
  assertEquals(complaints("testing/crash.ts", "../connectors/kafka/source.ts"), 1);
});

Deno.test("wrongImports() gives examples public names only", () => {
  assertEquals(complaints("examples/first_steps.ts", "@tidemark/streams"), 0);
  assertEquals(complaints("examples/recommendations/main.ts", "./traffic.ts"), 0);
  assertEquals(complaints("examples/first_steps.ts", "../operators/count.ts"), 1);
  assertEquals(complaints("tests/public/consumer_test.ts", "../../mod.ts"), 1);
  assertEquals(complaints("tests/operators/count_test.ts", "../../operators/count.ts"), 0);
});

Deno.test("wrongImports() lets only a driver load a Kafka client", () => {
  assertEquals(complaints("connectors/kafka/kafkajs.ts", "kafkajs"), 0);
  assertEquals(complaints("connectors/kafka/kafkajs_consumer.ts", "npm:kafkajs@2.2.4"), 0);
  assertEquals(complaints("connectors/kafka/source.ts", "kafkajs"), 1);
  assertEquals(complaints("runtime/run.ts", "npm:kafkajs@2.2.4"), 1);
  assertEquals(complaints("tests/broker_test.ts", "kafkajs"), 0);
});

Deno.test("wrongModules() finds a mod.ts that does more than re-export", () => {
  const fine =
    '/** @module */\nexport * from "./a.ts";\nexport { b, type C } from "./b.ts";\nexport type { D } from "./d.ts";\n';
  assertEquals(wrongModules(tree({ "mod.ts": fine, "state/mod.ts": fine })), []);
  assertEquals(wrongModules(tree({ "mod.ts": `${fine}export const e = 1;\n` })).length, 1);
});

Deno.test("strayKv() finds Deno KV where it is not owned", () => {
  const text = "// Deno.Kv in a comment is fine.\nexport function open(kv: Deno.Kv) {}\nawait Deno.openKv();\n";
  assertEquals(
    strayKv(tree({ "state/kv_store.ts": text, "connectors/embedded/log.ts": text, "tests/a_test.ts": text })),
    [],
  );
  assertEquals(
    strayKv(tree({ "runtime/run.ts": text })).map((line) => line.split(":", 2).join(":")),
    ["runtime/run.ts:2 uses Deno.Kv", "runtime/run.ts:3 uses Deno.openKv"],
  );
});

Deno.test("strayClocks() finds wall clock, timers and randomness, by whatever name", () => {
  const uses = [
    "Date.now();",
    "new Date();",
    "performance.now();",
    "setTimeout(f, 1);",
    "globalThis.setInterval(f, 1);",
    "AbortSignal.timeout(1);",
    "Math.random();",
    "crypto.randomUUID();",
    "crypto.getRandomValues(a);",
    'import { delay, map } from "rxjs";',
    'import { randomBytes } from "node:crypto";',
  ];
  for (const use of uses) {
    assertEquals(strayClocks(tree({ "runtime/epoch.ts": use })).length, 1, use);
    assertEquals(strayClocks(tree({ "base/clock.ts": use, "connectors/kafka/kafkajs.ts": use })), [], use);
  }
});

Deno.test("strayClocks() leaves a clock that is passed in alone", () => {
  const text = 'clock.now(); clock.setTimeout(f, 1); new Date(timestamp); crypto.subtle.digest("SHA-256", bytes);';
  assertEquals(strayClocks(tree({ "runtime/epoch.ts": text })), []);
});

Deno.test("longFiles() allows 400 lines, and an operator 200", () => {
  const lines = (count: number) => "x;\n".repeat(count);
  assertEquals(
    longFiles(tree({ "state/a.ts": lines(400), "operators/b.ts": lines(200), "operators/_c.ts": lines(400) })),
    [],
  );
  assertEquals(
    longFiles(tree({ "state/a.ts": lines(401), "operators/b.ts": lines(201), "tests/d.ts": lines(401) })).length,
    3,
  );
});

Deno.test("functionsOf() finds functions, methods and callbacks with their lines", () => {
  const text = [
    "export async function* a<T extends { x: number }>(",
    "  one: { y: T },",
    "): Promise<{ z: T }> {",
    "  if (one) {",
    "    return;",
    "  }",
    "}",
    "class B {",
    "  override async #c(): Promise<void> {",
    "    for (const d of e) {",
    "      f(d);",
    "    }",
    "  }",
    "  get g(): number {",
    "    return 1;",
    "  }",
    "}",
    "const h = (i: number) => {",
    "  return i;",
    "};",
    "j(k, (l) => {",
    "  m(l);",
    "});",
    "const n = { o: 1, p() {",
    "  return 2;",
    "} };",
  ].join("\n");
  assertEquals(
    functionsOf(source("a.ts", text)).map(({ name, start, end }) => [name, start, end]),
    [["a()", 1, 7], ["#c()", 9, 13], ["g()", 14, 16], ["h()", 18, 20], ["a callback", 21, 23], ["p()", 24, 26]],
  );
});

Deno.test("longFunctions() allows 60 lines, and a test's callback more", () => {
  const body = (count: number) => "  x;\n".repeat(count);
  const named = (count: number) => `function a() {\n${body(count - 2)}}\n`;
  const callback = (count: number) => `b(() => {\n${body(count - 2)}});\n`;
  assertEquals(longFunctions(tree({ "state/a.ts": named(60) + callback(60), "tests/b_test.ts": callback(90) })), []);
  assertEquals(longFunctions(tree({ "state/a.ts": named(61) + callback(61), "tests/b_test.ts": named(61) })).length, 3);
});

Deno.test("unprovenOperators() asks for a test, an example, its title and its assertion", () => {
  const operator = (example: string) => `/** Counts.\n${example}\n */\nexport function count() {}\n`;
  const good = operator(" * @example Counting three\n * ```ts\n * assertEquals(1, 1);\n * ```");
  const test = { "tests/operators/count_test.ts": "" };
  assertEquals(unprovenOperators(tree({ "operators/count.ts": good, ...test })), []);
  assertEquals(unprovenOperators(tree({ "operators/count.ts": good })).length, 1);
  assertEquals(unprovenOperators(tree({ "operators/count.ts": operator(" * None."), ...test })).length, 1);
  assertEquals(
    unprovenOperators(tree({ "operators/count.ts": good.replace(" Counting three", ""), ...test })).length,
    1,
  );
  assertEquals(
    unprovenOperators(tree({ "operators/count.ts": good.replace("assertEquals", "log"), ...test })).length,
    1,
  );
  assertEquals(unprovenOperators(tree({ "operators/_scope.ts": "export function scope() {}" })), []);
});

Deno.test("poorTestNames() finds names that are no sentences", () => {
  const names = (...all: string[]) =>
    tree({ "tests/a_test.ts": all.map((name) => `Deno.test("${name}", () => {});`).join("\n") });
  assertEquals(poorTestNames(names("count() counts every record", "a window fires when its end is reached")), []);
  assertEquals(
    poorTestNames(names("count", "count works", "count() should count all.", "it should count", "test of the count"))
      .length,
    5,
  );
  assertEquals(
    poorTestNames(tree({ "tests/a_test.ts": 'Deno.test({ name: "short", fn() {} });\nit("also", () => {});' })).length,
    2,
  );
});

Deno.test("suitesWithoutBdd() finds contracts and suites of one operator that are not made of describe and it", () => {
  const bdd = 'import { describe, it } from "@std/testing/bdd";\n';
  const operator = { "operators/count.ts": "" };
  const found = (path: string, text: string) => suitesWithoutBdd(tree({ ...operator, [path]: text })).length;
  for (const path of ["tests/store_contract.ts", "tests/count_test.ts", "tests/operators_contract_test.ts"]) {
    assertEquals(found(path, `${bdd}describe("a", () => it("b c d", () => {}));`), 0);
    assertEquals(found(path, 'import { it } from "@std/testing/bdd";'), 1);
    assertEquals(found(path, `${bdd}Deno.test("a b c", () => {});`), 1);
    assertEquals(found(path, 'Deno.test("a b c", () => {});'), 2);
  }
  assertEquals(found("tests/job_test.ts", 'Deno.test("a b c", () => {});'), 0);
});

Deno.test("unfakedTime() finds a test that waits for its own wall clock", () => {
  const text = "await new Promise((resolve) => setTimeout(resolve, 5)); await systemClock.sleep(1);";
  assertEquals(unfakedTime(tree({ "tests/a_test.ts": text })).length, 2);
  assertEquals(unfakedTime(tree({ "tests/a_test.ts": `import { FakeTime } from "@std/testing/time";\n${text}` })), []);
  assertEquals(unfakedTime(tree({ "tests/containers_test.ts": text, "tests/support/a.ts": text })), []);
});

Deno.test("unmappedPackages() finds a package that is imported by its address", () => {
  assertEquals(unmappedPackages(tree({ "tests/a.ts": 'const a = "npm:left-pad@1";' })).length, 1);
  assertEquals(unmappedPackages(tree({ "tests/a.ts": 'import { pad } from "jsr:@std/text";' })).length, 1);
  assertEquals(unmappedPackages(tree({ "tests/a.ts": '// npm:left-pad\nimport { pad } from "left-pad";' })), []);
});

Deno.test("importCircles() finds files that import themselves by way of others, types or not, and tells the shortest way", () => {
  const of = (imports: Record<string, string[]>) =>
    importCircles(tree(Object.fromEntries(
      Object.entries(imports).map(([path, targets]) => [path, targets.map((to) => `import "${to}";`).join("\n")]),
    )));
  assertEquals(of({ "a.ts": ["./b.ts", "./c.ts"], "b.ts": ["./c.ts"], "c.ts": ["./not_here.ts"] }), []);
  assertEquals(of({ "a.ts": ["./b/c.ts"], "b/c.ts": ["../d.ts", "../e.ts"], "d.ts": ["./e.ts"], "e.ts": ["./a.ts"] }), [
    "a.ts -> b/c.ts -> e.ts -> a.ts",
    "d.ts -> e.ts -> a.ts -> b/c.ts -> d.ts",
  ]);
  assertEquals(
    importCircles(tree({ "a.ts": 'import type { B } from "./b.ts";', "b.ts": 'export * from "./a.ts";' })),
    ["a.ts -> b.ts -> a.ts"],
  );
  const typed = tree({ "a.ts": 'import { type B } from "./b.ts";', "b.ts": 'import { a } from "./a.ts";' });
  assertEquals([importCircles(typed).length, importCircles(typed, { types: false }).length], [1, 0]);
});

Deno.test("strayRegisters() finds an operator that names the task's registers or the chain of subscribers", () => {
  const found = (text: string, path = "operators/count.ts") => strayRegisters(tree({ [path]: text })).length;
  for (const use of ["task.phase;", "task.timestamp = 5;", "task?.record;", 'import { Subscriber } from "rxjs";']) {
    assertEquals(found(use), 1, use);
    assertEquals(found(use, "operators/_stage.ts") + found(use, "runtime/loop.ts"), 0, use);
  }
  assertEquals(found('stage.at.time; stage.emit(value); // task.phase\nconst a = "task.phase";'), 0);
  for (const use of ["stage.out.next(value);", "const { at, out } = stage;"]) {
    assertEquals(found(use), 1, use);
    assertEquals(found(use, "operators/watermark.ts") + found(use, "operators/keyed_reduce.ts"), 0, use);
  }
});
