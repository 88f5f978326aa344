/** Reads the counts of a test run from the JUnit report that `deno test --junit-path` writes. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** Counts the tests and steps of a report. A test with steps counts as its steps. */
export function countTests(report: string): Counts {
  const cases = [...report.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
    .map(([, name, body = ""]) => ({ name, body }));
  const parents = new Set(cases.flatMap(({ name }) => ancestors(name)));
  let counts = NOTHING;
  for (const { name, body } of cases) {
    // A test fails with its steps, which are counted already. It counts too when it fails for another reason (a leak).
    if (parents.has(name) && (!/<failure/.test(body) || /<failure message="\d+ test steps? failed/.test(body))) {
      continue;
    }
    counts = add(counts, {
      passed: /<failure|<error|<skipped/.test(body) ? 0 : 1,
      failed: /<failure|<error/.test(body) ? 1 : 0,
      skipped: /<skipped/.test(body) ? 1 : 0,
    });
  }
  return counts;
}

/** `a > b > c` is a step of `a > b`, which is a step of `a`. */
function ancestors(name: string): string[] {
  const parts = name.split(" &gt; ");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(" &gt; "));
}
