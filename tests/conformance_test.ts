/** The semantics of Apache Flink as data, driven through the public operators. What is left out is named, with the reason. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { drive, obstacle } from "./support/conformance.ts";
import { report } from "./support/conformance_report.ts";
import { type Case, ordered } from "./support/conformance_case.ts";

const HERE = new URL("./conformance/", import.meta.url);
/** Where the cases come from; a clone alone does not have it. */
const ORIGIN = new URL("../../shared/conformance/", import.meta.url);

const cases: Case[] = JSON.parse(await Deno.readTextFile(new URL("cases.json", HERE)));
const left = cases.map((scenario) => ({ id: scenario.id, reason: obstacle(scenario) }));
const driven = cases.filter((scenario) => obstacle(scenario) === undefined);

for (const scenario of driven) {
  Deno.test(`conformance to ${scenario.semantics}: the case ${scenario.id} comes out as expected`, () => {
    assertEquals(ordered(scenario, drive(scenario)), ordered(scenario, scenario.expected), scenario.notes);
  });
}

Deno.test("conformance leaves out exactly these cases, each for a reason", () => {
  const reasons = Map.groupBy(left.filter(({ reason }) => reason !== undefined), ({ reason }) => reason!);
  assertEquals(Object.fromEntries([...reasons].map(([reason, those]) => [reason, those.length])), {
    "a watermark counts from its record on, never from a later tick": 1,
  });
});

Deno.test("a report tells what passed, failed and was skipped, and why", () => {
  const right = cases.find(({ id }) => id === "flink-boo-one")!;
  const wrong = { ...right, id: "wrong", expected: [{ after: 1, type: "watermark", ts: 7 }] };
  const strange = { ...right, id: "strange", config: { ...right.config, jitter: 3 } };
  const odd = { ...right, id: "odd", steps: [{ type: "explode" }] };
  const { lines, passed, failed, skipped } = report([right, wrong, strange, odd, 42]);
  assertEquals([passed, failed, skipped], [1, 2, 2]);
  const text = lines.join("\n");
  assertStringIncludes(text, 'Failed: wrong\n  expected {"after":1,"ts":7,"type":"watermark"}\n  happened ');
  assertStringIncludes(text, "the driver does not know the field jitter: strange");
  assertStringIncludes(text, "the driver does not know steps of the type explode: odd");
  assertStringIncludes(text, "Failed: case 4");
  assertEquals(report({}).failed, 1);
});

Deno.test({
  name: "the conformance cases are those that they were copied from",
  ignore: !exists(ORIGIN),
  async fn() {
    for (const name of ["cases.json", "README.md"]) {
      const [copy, original] = await Promise.all(
        [HERE, ORIGIN].map((folder) => Deno.readTextFile(new URL(name, folder))),
      );
      assertEquals(copy === original, true, `tests/conformance/${name} differs from its original`);
    }
  },
});

function exists(folder: URL): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    return false;
  }
}
