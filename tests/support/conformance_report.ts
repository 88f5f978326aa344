/** Runs conformance cases of any file of their form, and says what became of each kind. */
import { drive, obstacle } from "./conformance.ts";
import { type Case, type Happening, ordered } from "./conformance_case.ts";

/** What became of the cases of a file. */
export interface Report {
  /** For people: a table, then each failure and each reason to skip a case. */
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What became of one case. `reason`: why it was skipped. `difference`: how it failed. */
interface Verdict {
  readonly id: string;
  readonly kind: string;
  readonly reason?: string;
  readonly difference?: string;
}

/** Runs all cases. What is no case is a failure. */
export function report(cases: unknown): Report {
  if (!Array.isArray(cases)) {
    return { lines: ["The file must be a list of cases"], passed: 0, failed: 1, skipped: 0 };
  }
  const verdicts = cases.map(judge);
  const failures = verdicts.filter(({ difference }) => difference !== undefined);
  const skipped = verdicts.filter(({ reason }) => reason !== undefined);
  const passed = verdicts.length - failures.length - skipped.length;
  const reasons = Map.groupBy(skipped, ({ reason }) => reason!);
  const lines = [
    ...table(verdicts),
    ...failures.map(({ id, difference }) => `\nFailed: ${id}\n${difference}`),
    ...(reasons.size > 0 ? ["\nSkipped:"] : []),
    ...[...reasons].map(([reason, those]) => `  ${reason}: ${those.map(({ id }) => id).join(", ")}`),
    `\n${passed} passed, ${failures.length} failed, ${skipped.length} skipped`,
  ];
  return { lines, passed, failed: failures.length, skipped: skipped.length };
}

function table(verdicts: readonly Verdict[]): string[] {
  const kinds = [...Map.groupBy(verdicts, ({ kind }) => kind)].map(([kind, those]) => {
    const failed = those.filter(({ difference }) => difference !== undefined).length;
    const skipped = those.filter(({ reason }) => reason !== undefined).length;
    return [kind, String(those.length - failed - skipped), String(failed), String(skipped)];
  });
  const rows = [["kind", "passed", "failed", "skipped"], ...kinds];
  const width = Math.max(...rows.map(([kind]) => kind.length));
  return rows.map(([kind, ...counts]) => `${kind.padEnd(width)}${counts.map((count) => count.padStart(9)).join("")}`);
}

function judge(scenario: Case, index: number): Verdict {
  const id = typeof scenario?.id === "string" ? scenario.id : `case ${index}`;
  const kind = typeof scenario?.kind === "string" ? scenario.kind : "no kind";
  try {
    const reason = obstacle(scenario);
    if (reason !== undefined) return { id, kind, reason };
    const difference = compare(ordered(scenario, scenario.expected), ordered(scenario, drive(scenario)));
    return { id, kind, difference };
  } catch (error) {
    return { id, kind, difference: `  it throws: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The first difference, or `undefined`. */
function compare(expected: readonly Happening[], happened: readonly Happening[]): string | undefined {
  for (let at = 0; at < Math.max(expected.length, happened.length); at++) {
    const [want, have] = [expected[at], happened[at]].map((one) => one === undefined ? "nothing" : JSON.stringify(one));
    if (want !== have) return `  expected ${want}\n  happened ${have}`;
  }
  return undefined;
}
