/** A real Prometheus: it takes our text, scrapes a real job, and evaluates every query of the dashboard and every alert. */
import { assertEquals } from "@std/assert";
import { count, deadLetter, embeddedLog, eventTime, type Job, run, tumblingWindow, watermark } from "@tidemark/streams";
import { type Dashboard, dashboard } from "@tidemark/streams/dashboard";
import { metricsText } from "../dashboard/prometheus.ts";
import { findPrometheus, Prometheus, promtool } from "./support/prometheus.ts";
import { scratch, until } from "./support/jobs.ts";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const found = findPrometheus();
const ignore = !found.ok;
console.log(
  found.ok ? `Metrics are read by ${found.path}.` : `The tests on a real Prometheus are ignored: ${found.reason}.`,
);

const board: { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly Variable[] } } = JSON
  .parse(
    Deno.readTextFileSync("docs/grafana.json"),
  );

interface Variable {
  readonly name: string;
  readonly definition?: string;
}

/** A query with its variables filled in, as Grafana does it. */
function filled(query: string): string {
  return query.replaceAll("$__rate_interval", "10s").replaceAll("$tidemark_job", "visits").replaceAll(
    "$instance",
    ".*",
  );
}

/** Every query of the dashboard. */
const queries = board.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, query: filled(expr) }))
);

interface Visit {
  readonly user: string;
  readonly at: number;
}

interface Stand extends AsyncDisposable {
  readonly job: Job;
  readonly page: Dashboard;
  /** Appends six records: in time, late and bad ones, two of each. */
  readonly push: () => Promise<void>;
}

/** A job on the embedded log that has results, late records, dead letters, state and two partitions. */
async function stand(): Promise<Stand> {
  const folder = await scratch();
  const kv = await Deno.openKv(folder.path("visits.db"));
  const log = embeddedLog(kv);
  await log.create("visits", { partitions: 2 });
  await log.create("activity");
  await log.create("dead");
  const pipeline = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    eventTime(({ at }) => at),
    watermark({ name: "clock", maxOutOfOrderness: 1000 }),
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: 1000, aggregate: count() }),
    log.sink("activity"),
  );
  const onBadRecord = deadLetter(log.sink("dead"));
  const job = await run(pipeline, { name: "visits", state: kv, onBadRecord, log: () => {} });
  const page = await dashboard(job, { port: 0, log: () => {} });
  return {
    ...{ job, page },
    async push() {
      const now = Date.now();
      const visit = (user: string, at: number, partition: number) => {
        return { key: user, value: { user, at }, timestamp: now, partition };
      };
      for (const one of [0, 1]) {
        await log.append("visits", [visit("ada", now, one), visit("ada", now - 60_000, one), visit("bob", 0.5, one)]);
      }
      await until("six records", () => job.metrics.measure().counts.source.visits === 6, job);
    },
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]();
      await job.stop();
      kv.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test({
  ignore,
  name: "promtool finds nothing to complain about in the text of a job, nor in the rules",
  async fn() {
    await using visits = await stand();
    await visits.push();
    const checked = await promtool(["check", "metrics"], metricsText(visits.job.metrics.measure()));
    assertEquals(checked, { content: true, said: "" });
    const { content, said } = await promtool(["check", "rules", "docs/alerts.yml"]);
    assertEquals([content, /SUCCESS: (\d+) rules found/.exec(said)?.[1]], [true, "6"], said);
  },
});

Deno.test({
  ignore,
  name: "a Prometheus that scrapes a job gets a series for every panel of the dashboard, and can evaluate every alert",
  async fn() {
    await using visits = await stand();
    await using prometheus = await Prometheus.scraping(visits.page.url);
    await prometheus.scrapes(2);
    await visits.push();
    await prometheus.scrapes(3);

    const empty: string[] = [];
    for (const { title, query } of queries) {
      if ((await prometheus.query(query)).length === 0) empty.push(`${title}: ${query}`);
    }
    assertEquals(empty, []);
    await assertCounts(prometheus, visits.job);
    await assertVariables(prometheus);

    await prometheus.until("every rule was evaluated", async () => {
      const { groups } = await prometheus.ask("rules") as { groups: { rules: { health: string }[] }[] };
      const rules = groups.flatMap(({ rules }) => rules);
      return rules.length === 6 && rules.every(({ health }) => health === "ok");
    });
    await prometheus.until("the alert of dead letters fires", async () => {
      const { alerts } = await prometheus.ask("alerts") as { alerts: Alert[] };
      return alerts.some(({ labels, state }) => labels.alertname === "TidemarkDeadLetters" && state === "firing");
    });
  },
});

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

/** What Prometheus has read is what the job has counted. */
async function assertCounts(prometheus: Prometheus, job: Job): Promise<void> {
  const { source, deadLetter, late } = job.metrics.measure().counts;
  assertEquals([source, deadLetter, late], [{ visits: 6 }, { dead: 2 }, { activity: 2 }]);
  for (const [name, expected] of [["source", 6], ["dead_letter", 2], ["late", 2]] as const) {
    const read = await prometheus.query(`tidemark_${name}_records_total`);
    assertEquals(read.map(({ value }) => Number(value[1])), [expected], name);
  }
  assertEquals((await prometheus.query("tidemark_tasks"))[0].metric.tidemark_job, "visits");
  // Prometheus renames labels that it has itself.
  assertEquals(await prometheus.query('{__name__=~"tidemark.*",exported_job!=""}'), []);
}

/** Each variable of the dashboard has one value to choose. */
async function assertVariables(prometheus: Prometheus): Promise<void> {
  const asked = board.templating.list.flatMap(({ definition }) => definition === undefined ? [] : [definition]);
  assertEquals(asked.length, 2);
  for (const definition of asked) {
    const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(definition)!;
    const match = filled(series);
    const values = await prometheus.ask(`label/${label}/values?${new URLSearchParams({ "match[]": match })}`);
    assertEquals((values as string[]).length, 1, definition);
  }
}
