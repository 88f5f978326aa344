/** The semantics of Apache Flink as data, driven through the public operators. What is left out is named, with the reason. */
import { assertEquals } from "@std/assert";
import { drive, obstacle } from "./support/conformance.ts";
import type { Case, Happening } from "./support/conformance_case.ts";

const HERE = new URL("./conformance/", import.meta.url);
/** Where the cases come from; a clone alone does not have it. */
const ORIGIN = new URL("../../shared/conformance/", import.meta.url);

const cases: Case[] = JSON.parse(await Deno.readTextFile(new URL("cases.json", HERE)));
const left = cases.map((scenario) => ({ id: scenario.id, reason: obstacle(scenario) }));
const driven = cases.filter((scenario) => obstacle(scenario) === undefined);

/** Happenings in the order in which they count: where a case lets results of one step come in any order, in one of ours. */
function ordered({ orderWithinStep }: Case, happened: readonly Happening[]): Happening[] {
  if (orderWithinStep === "exact") return [...happened];
  const place = ({ after }: Happening) => after === "end" ? Infinity : after;
  return happened.toSorted((a, b) => place(a) - place(b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Without what a driver cannot know, and with fields in one order. */
function plain(happening: Happening): Happening {
  return Object.fromEntries(Object.entries(happening).toSorted(([a], [b]) => a < b ? -1 : 1)) as Happening;
}

for (const scenario of driven) {
  Deno.test(`conformance to ${scenario.semantics}: the case ${scenario.id} comes out as expected`, () => {
    const happened = ordered(scenario, drive(scenario).map(plain));
    assertEquals(happened, ordered(scenario, scenario.expected.map(plain)), scenario.notes);
  });
}

Deno.test("conformance runs exactly these cases, and leaves out exactly those, each for a reason", () => {
  const reasons = Map.groupBy(left.filter(({ reason }) => reason !== undefined), ({ reason }) => reason!);
  console.log(`\nConformance: ${driven.length} of ${cases.length} cases ran. Left out:`);
  for (const [reason, those] of reasons) {
    console.log(`  ${those.length} because ${reason}: ${those.map(({ id }) => id).join(", ")}`);
  }
  assertEquals(driven.map(({ id }) => id), [
    "flink-session-01",
    "flink-session-continuous-trigger",
    "flink-session-point-windows",
    "flink-late-side-output-tumbling",
    "flink-late-session-0",
    "flink-late-session-10-purging",
    "flink-late-session-10",
    "flink-late-session-10000-purging",
    "flink-cleanup-session-empty",
    "flink-assign-tumbling-neg-offset",
    "flink-window-start-3",
    "flink-window-start-neg2",
    "flink-session-merge-01",
    "flink-session-merge-02",
    "flink-session-merge-03",
    "flink-boo-one",
    "flink-ascending-one",
    "flink-mux-single",
    "flink-mux-remove-lowest",
    "flink-valve-single",
    "flink-valve-single-decreasing",
    "flink-valve-multi",
    "flink-ij-neg3ex-neg1in-left-first",
    "flink-ij-neg3ex-neg1in-right-first",
    "flink-ij-neg2-neg1-left-first",
    "flink-ij-neg1-1-left-first",
    "flink-ij-neg1-1-right-first",
    "flink-ij-neg3ex-neg1ex-left-first",
    "flink-ij-neg3ex-neg1ex-right-first",
    "flink-ij-neg1ex-1ex-left-first",
    "flink-ij-neg1ex-1ex-right-first",
    "flink-ij-1ex-3ex-left-first",
    "flink-ij-1ex-3ex-right-first",
    "flink-ij-cleanup-0-1",
    "flink-ij-restore",
    "flink-ij-discard-late",
    "flink-ij-late-side-output",
  ]);
  assertEquals(Object.fromEntries([...reasons].map(([reason, those]) => [reason, those.length])), {
    "stream-table joins are not built": 1,
    "idleness needs a job, which alone knows that there is nothing to read": 10,
    "a pipeline without an open partition has ended, which is the end of time": 2,
    "a watermark counts from its record on, never from a later tick": 1,
  });
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
