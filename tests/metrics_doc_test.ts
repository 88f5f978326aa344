/** The page on metrics says what the code has: its names, units, labels and buckets, and what the spans are. */
import { assert, assertEquals } from "@std/assert";
import { LATENCY_BOUNDS, STEP_BOUNDS } from "../base/durations.ts";
import { LIVE_MS, READY_MS } from "../dashboard/limits.ts";
import { SAMPLES_AN_EPOCH, TRACES_AN_EPOCH } from "../runtime/limits.ts";
import { MESSAGING_METRICS } from "../telemetry/_names.ts";
import { INSTRUMENTS, prometheusName } from "../telemetry/instruments.ts";
import { SLOW_MS, SPANS_A_SECOND } from "../telemetry/span_budget.ts";

const page = Deno.readTextFileSync("docs/metrics.md");

/** The rows of the table below a heading, each with its cells. */
function rowsBelow(heading: string): string[][] {
  const [, section] = page.split(`\n## ${heading}\n`);
  const table = /(?:^\|.*\n)+/m.exec(section)![0].trim().split("\n").slice(2);
  return table.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const code = (text: string) => `\`${text}\``;

Deno.test("the page on metrics has a row for each metric, in the order of /metrics", () => {
  const rows = INSTRUMENTS.map((one) => [
    ...[code(prometheusName(one)), code(one.name), one.kind, code(one.unit)],
    one.labels.map(code).join(", "),
    one.help.replace(/\.$/, ""),
  ]);
  const build = [code("tidemark_build_info"), "", "gauge", "", code("version"), "The version of the package; always 1"];
  assertEquals(rowsBelow("All metrics"), [...rows, build]);
});

Deno.test("the page on metrics names each metric of the conventions that there is", () => {
  assertEquals(rowsBelow("OpenTelemetry").map(([name]) => name), Object.values(MESSAGING_METRICS).map(code));
});

Deno.test("the page on metrics has the limits that hold", () => {
  assertEquals(STEP_BOUNDS, [1, 2.5, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 10_000]);
  assertEquals(LATENCY_BOUNDS.slice(STEP_BOUNDS.length), [30_000, 60_000, 300_000, 3_600_000]);
  const text = page.replace(/\s+/g, " ");
  for (
    const words of [
      "are 1, 2.5, 5, 10, 20, 50, 100, 250 and 500 ms, 1, 2.5 and 10 s.",
      "has 30 s, 1 min, 5 min and 1 h besides",
      `at most ${SAMPLES_AN_EPOCH} records of each epoch`,
      `at most ${TRACES_AN_EPOCH} of its first records`,
      `at most ${SPANS_A_SECOND} spans in a second`,
      `has turned in the last ${LIVE_MS / 1000} s`,
      `nothing is waited for longer than ${READY_MS / 1000} s`,
    ]
  ) assert(text.includes(words), words);
  assertEquals(SLOW_MS, 1000);
});

Deno.test("the dashboard and the alerts name only metrics that there are", () => {
  const known = INSTRUMENTS.flatMap((one) => {
    const name = prometheusName(one);
    return one.kind === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name];
  });
  for (const file of ["docs/grafana.json", "docs/alerts.yml"]) {
    // A word of a query, and neither a variable nor a label.
    const named = Deno.readTextFileSync(file).match(/(?<!\$)\btidemark_(?!job\b)[a-z_]+/g)!;
    const unknown = named.filter((name) => !known.includes(name) && name !== "tidemark_build_info");
    assertEquals([file, unknown], [file, []]);
    assert(named.length >= 6, file);
  }
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const board = JSON.parse(Deno.readTextFileSync("docs/grafana.json")) as {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};

Deno.test("the dashboard has a row for each of the ten questions, and its panels do not overlap", () => {
  const { uid, panels, templating } = board;
  assertEquals(uid, "tidemark");
  assertEquals(templating.list.map(({ name }) => name), ["datasource", "tidemark_job", "instance"]);
  const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title);
  assertEquals(rows.map((title) => Number.parseInt(title)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    assert(x + w <= 24, title);
    for (let at = 0; at < w * h; at++) {
      const cell = `${x + at % w} ${y + Math.floor(at / w)}`;
      assert(!taken.has(cell), `${title} overlaps`);
      taken.add(cell);
    }
  }
});

Deno.test("each panel says what it shows, and every series in it is of the job and the workers that were chosen", () => {
  const panels = board.panels.filter(({ type }) => type !== "row");
  assert(panels.length >= 20, `${panels.length} panels`);
  for (const { title, description, datasource, targets = [] } of panels) {
    assert(description !== undefined && targets.length > 0, title);
    for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
      assertEquals(source?.uid, "${datasource}", title);
    }
    for (const { expr } of targets) {
      const chosen = expr.match(/tidemark_\w+\{tidemark_job=~"\$tidemark_job",instance=~"\$instance"\}/g)!;
      assertEquals(chosen.length, expr.match(/(?<!\$)\btidemark_(?!job\b)\w+/g)!.length, expr);
    }
  }
});
