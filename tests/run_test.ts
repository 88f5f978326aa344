import { assertEquals } from "@std/assert";
import { countTests as countAll, longest } from "./support/run/junit.ts";
import { chooseTargets } from "./support/run/targets.ts";

/** The counts without the failures' texts. */
function countTests(xml: string): { passed: number; failed: number; skipped: number } {
  const { passed, failed, skipped } = countAll(xml);
  return { passed, failed, skipped };
}

function report(...cases: string[]): string {
  return `<testsuites><testsuite name="a">${cases.join("\n")}</testsuite></testsuites>`;
}

function testCase(name: string, body = ""): string {
  return `<testcase name="${name}" classname="./a.ts" time="0.000" line="1" col="1">\n${body}</testcase>`;
}

Deno.test("countTests() counts passed, failed and skipped tests", () => {
  const counts = countTests(
    report(testCase("a"), testCase("b", "<failure message='x'/>"), testCase("c", "<skipped/>")),
  );
  assertEquals(counts, { passed: 1, failed: 1, skipped: 1 });
});

Deno.test("countTests() counts a test with steps by its steps", () => {
  const failed = '<failure message="1 test step failed">1 test step failed.</failure>';
  const counts = countTests(
    report(
      testCase("a", failed),
      testCase("a &gt; b"),
      testCase("a &gt; c", '<failure message="Uncaught Error">'),
      testCase("d"),
    ),
  );
  assertEquals(counts, { passed: 2, failed: 1, skipped: 0 });
});

Deno.test("countTests() counts a test whose steps passed but which failed itself", () => {
  const counts = countTests(report(testCase("a", '<failure message="Leaks detected"/>'), testCase("a &gt; b")));
  assertEquals(counts, { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("countTests() tells of each failure where it is and how it begins", () => {
  const body = '<failure message="Uncaught Error: 1 &lt; 2">Error: 1 &lt; 2</failure>';
  const { failures } = countAll(report(testCase("a"), testCase("b &gt; c", body)));
  assertEquals(failures, ['./a.ts: b > c\nUncaught Error: 1 < 2">Error: 1 < 2</failure>']);
});

Deno.test("longest() names the tests that took longest, without their steps", () => {
  const timed = (name: string, time: string) => testCase(name).replace("0.000", time);
  const counts = countAll(
    report(timed("a", "2.500"), timed("a &gt; b", "2.000"), timed("c", "1.000"), timed("&quot;d&quot;", "5.000")),
  );
  assertEquals(longest(counts, 2), ['    5.0 s  "d"', "    2.5 s  a"]);
});

Deno.test("chooseTargets() runs everything when no path is named", () => {
  const { flags, tests, named } = chooseTargets(["--filter", "counts"]);
  assertEquals({ flags, tests, named }, { flags: ["--filter", "counts"], tests: [], named: false });
});

Deno.test("chooseTargets() runs only the paths that are named, tests apart from examples", () => {
  assertEquals(chooseTargets(["tests/run_test.ts", "--fail-fast", "deno.json"]), {
    flags: ["--fail-fast"],
    tests: ["tests/run_test.ts"],
    documents: ["deno.json"],
    named: true,
  });
});
