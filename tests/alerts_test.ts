/** The alert rules: each fires in the situation that it is for, and not in the one beside it. By `promtool test rules`. */
import { assertEquals } from "@std/assert";
import { findPrometheus, promtool } from "./support/prometheus.ts";

const found = findPrometheus();
const ignore = !found.ok;
if (ignore) console.log(`The tests of alert rules are ignored: ${found.reason}.`);

/** What a job shows, and which alerts fire. */
interface Case {
  readonly name: string;
  /** Series by their labels, with a value for each minute, as promtool writes them: `7x9` is ten times 7. */
  readonly given: Readonly<Record<string, string>>;
  readonly after: string;
  readonly fires: readonly string[];
}

const of = (labels: string) => `{tidemark_job="orders"${labels}}`;
const lagTime = `tidemark_source_lag_time_seconds${of(',topic="clicks",partition="0"')}`;
const lag = `tidemark_source_lag${of(',topic="clicks",partition="0"')}`;
const [markLag, markBound] = ["lag", "bound"].map((what) =>
  `tidemark_watermark_${what}_seconds${of(',watermark="clock",task="0"')}`
);
const epochs = (worker: string) => `tidemark_epochs_total${of(`,instance="${worker}"`)}`;
const dead = `tidemark_dead_letter_records_total${of(',topic="dead"')}`;
const waiting = `tidemark_tasks${of(',state="waiting",instance="a"')}`;
const size = (worker: string) => `tidemark_state_size_bytes${of(`,state="counts",instance="${worker}"`)}`;

const CASES: readonly Case[] = [
  {
    name: "a job that is five minutes behind",
    given: { [lagTime]: "301x20" },
    after: "15m",
    fires: ["TidemarkBehind"],
  },
  { name: "a job that is almost five minutes behind", given: { [lagTime]: "299x20" }, after: "15m", fires: [] },
  { name: "a job that was behind for a moment", given: { [lagTime]: "0 301 301 0x17" }, after: "15m", fires: [] },
  {
    name: "event time that stands still",
    given: { [markLag]: "361x20", [markBound]: "60x20" },
    ...{ after: "15m", fires: ["TidemarkEventTimeStands"] },
  },
  {
    name: "event time that is behind by its bound",
    given: { [markLag]: "359x20", [markBound]: "60x20" },
    ...{ after: "15m", fires: [] },
  },
  {
    name: "event time that stands still where watermarks are read from the data",
    given: { [markLag]: "361x20" },
    ...{ after: "15m", fires: ["TidemarkEventTimeStands"] },
  },
  {
    name: "records that wait while no worker commits",
    given: { [epochs("a")]: "5x20", [epochs("b")]: "9x20", [lag]: "3x20" },
    ...{ after: "5m", fires: ["TidemarkNoEpoch"] },
  },
  {
    name: "records that wait while one worker commits",
    given: { [epochs("a")]: "5x20", [epochs("b")]: "9+1x20", [lag]: "3x20" },
    ...{ after: "5m", fires: [] },
  },
  {
    name: "no commits, and nothing that waits",
    given: { [epochs("a")]: "5x20", [lag]: "0x20" },
    ...{ after: "5m", fires: [] },
  },
  { name: "a new dead letter", given: { [dead]: "4 4 5 5" }, after: "3m", fires: ["TidemarkDeadLetters"] },
  { name: "dead letters of long ago", given: { [dead]: "4x20" }, after: "15m", fires: [] },
  { name: "tasks that wait", given: { [waiting]: "2x9" }, after: "5m", fires: ["TidemarkNotReady"] },
  { name: "tasks that do not wait", given: { [waiting]: "0x9" }, after: "5m", fires: [] },
  {
    name: "a state that has doubled in six hours, over two workers",
    given: { [size("a")]: "100000000+300000x480", [size("b")]: "10000000x480" },
    ...{ after: "8h", fires: ["TidemarkStateGrows"] },
  },
  {
    name: "a state that has moved to another worker",
    given: { [size("a")]: "200000000x300 0x180", [size("b")]: "0x300 200000000x180" },
    ...{ after: "8h", fires: [] },
  },
  {
    name: "a small state that has doubled",
    given: { [size("a")]: "1000000+3000x480" },
    ...{ after: "8h", fires: [] },
  },
];

/** What is wrong, if anything. */
async function whatFires({ given, after, fires }: Case): Promise<string> {
  const test = {
    rule_files: [new URL("../docs/alerts.yml", import.meta.url).pathname],
    evaluation_interval: "1m",
    tests: [{
      interval: "1m",
      input_series: Object.entries(given).map(([series, values]) => ({ series, values })),
      promql_expr_test: [{
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: after,
        exp_samples: fires.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      }],
    }],
  };
  const file = await Deno.makeTempFile({ prefix: "tidemark-alerts-", suffix: ".yml" });
  try {
    // YAML takes JSON.
    await Deno.writeTextFile(file, JSON.stringify(test));
    const { content, said } = await promtool(["test", "rules", file]);
    return content ? "" : said;
  } finally {
    await Deno.remove(file);
  }
}

for (const one of CASES) {
  const [alert] = one.fires;
  Deno.test({
    ignore,
    name: alert === undefined ? `no alert fires for ${one.name}` : `the alert ${alert} fires for ${one.name}`,
    fn: async () => assertEquals(await whatFires(one), ""),
  });
}
