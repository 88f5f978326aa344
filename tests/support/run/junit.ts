/** Reads the counts of a test run from the JUnit report that `deno test --junit-path` writes. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each failed test: its file, its name, and how its failure begins. */
  readonly failures: readonly string[];
  /** How long each test took, in seconds, by its name. */
  readonly times: ReadonlyMap<string, number>;
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0, failures: [], times: new Map() };
/** How much of a failure is shown, in characters. */
const SHOWN = 600;

export function add(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
    times: new Map([...a.times, ...b.times]),
  };
}

/** The tests that took longest, one a line. */
export function longest({ times }: Counts, most: number): string[] {
  const sorted = [...times].sort(([, one], [, other]) => other - one).slice(0, most);
  return sorted.map(([name, seconds]) => `${seconds.toFixed(1).padStart(7)} s  ${plain(name)}`);
}

/** Counts the tests and steps of a report. A test with steps counts as its steps. */
export function countTests(report: string): Counts {
  const cases = [
    ...report.matchAll(
      /<testcase name="([^"]*)"(?: classname="([^"]*)")?(?: time="([^"]*)")?[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g,
    ),
  ].map(([, name, file = "", time = "0", body = ""]) => ({ name, file, time, body }));
  const parents = new Set(cases.flatMap(({ name }) => ancestors(name)));
  const names = new Set(cases.map(({ name }) => name));
  const times = new Map<string, number>();
  let counts: Counts = { ...NOTHING, times };
  for (const { name, file, time, body } of cases) {
    // The time of a test has that of its steps in it.
    if (!ancestors(name).some((above) => names.has(above))) times.set(name, Number(time));
    // A test fails with its steps, which are counted already. It counts too when it fails for another reason (a leak).
    if (parents.has(name) && (!/<failure/.test(body) || /<failure message="\d+ test steps? failed/.test(body))) {
      continue;
    }
    const failed = /<failure|<error/.test(body);
    counts = add(counts, {
      passed: failed || /<skipped/.test(body) ? 0 : 1,
      failed: failed ? 1 : 0,
      skipped: /<skipped/.test(body) ? 1 : 0,
      failures: failed ? [plain(`${file}: ${name}\n${body.trim()}`)] : [],
      times,
    });
  }
  return counts;
}

/** The text of a part of a report, shortened. */
function plain(xml: string): string {
  const signs: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", "#39": "'" };
  const text = xml.replace(/<failure message="/g, "").replace(/&([a-z]+|#39);/g, (whole, name) => signs[name] ?? whole);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} ...` : text;
}

/** `a > b > c` is a step of `a > b`, which is a step of `a`. */
function ancestors(name: string): string[] {
  const parts = name.split(" &gt; ");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(" &gt; "));
}
