/** The text of `/metrics`, and the table of metrics that it comes from. */
import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memory, run } from "@tidemark/streams";
import { METRICS_TYPE, metricsText } from "../dashboard/prometheus.ts";
import { VERSION } from "../base/version.ts";
import { INSTRUMENTS, prometheusName } from "../telemetry/instruments.ts";
import { measured } from "./support/measured.ts";
import { stand } from "./support/dashboard/asking.ts";

/** The lines of some metrics, without what is said of them. */
function linesOf(text: string, ...names: string[]): string[] {
  return text.split("\n").filter((line) => names.some((name) => line.startsWith(`${name}{`)));
}

describe("the text of /metrics", () => {
  it("has a line for each figure, with the job and what it is of, in seconds and bytes", () => {
    const text = metricsText(measured({
      counts: { source: { clicks: 12 }, sink: { out: 3 }, late: { activity: 1 }, deadLetter: { dead: 0 }, missing: {} },
      partitions: [{ topic: "clicks", partition: 3, lag: 7, lagTime: 1500 }],
      watermarks: [{ watermark: "clock", task: 3, lag: 61_000, bound: 60_000, spread: 0 }],
      states: [{ state: "activity", cells: 2, bytes: 90 }],
      time: { push: 500, commit: 0, publish: 0, input: 2000, other: 0 },
      ...{ epochs: 4, outbox: 5, tasks: { owned: 1, waiting: 0, finished: 2 } },
    }));
    const job = 'tidemark_job="orders"';
    assertEquals(text.split("\n").filter((line) => /^tidemark/.test(line) && !/_duration_|_latency_/.test(line)), [
      `tidemark_source_records_total{${job},topic="clicks"} 12`,
      `tidemark_sink_records_total{${job},topic="out"} 3`,
      `tidemark_late_records_total{${job},stage="activity"} 1`,
      `tidemark_dead_letter_records_total{${job},topic="dead"} 0`,
      `tidemark_source_lag{${job},topic="clicks",partition="3"} 7`,
      `tidemark_source_lag_time_seconds{${job},topic="clicks",partition="3"} 1.5`,
      `tidemark_watermark_lag_seconds{${job},watermark="clock",task="3"} 61`,
      `tidemark_watermark_spread_seconds{${job},watermark="clock",task="3"} 0`,
      `tidemark_watermark_bound_seconds{${job},watermark="clock",task="3"} 60`,
      `tidemark_epochs_total{${job}} 4`,
      `tidemark_state_cells{${job},state="activity"} 2`,
      `tidemark_state_size_bytes{${job},state="activity"} 90`,
      `tidemark_outbox_size_bytes{${job}} 5`,
      `tidemark_worker_time_seconds_total{${job},activity="push"} 0.5`,
      `tidemark_worker_time_seconds_total{${job},activity="commit"} 0`,
      `tidemark_worker_time_seconds_total{${job},activity="publish"} 0`,
      `tidemark_worker_time_seconds_total{${job},activity="input"} 2`,
      `tidemark_worker_time_seconds_total{${job},activity="other"} 0`,
      `tidemark_tasks{${job},state="owned"} 1`,
      `tidemark_tasks{${job},state="waiting"} 0`,
      `tidemark_tasks{${job},state="finished"} 2`,
      `tidemark_build_info{${job},version="${VERSION}"} 1`,
    ]);
  });

  it("leaves out what is not known, and its name where nothing is", () => {
    const text = metricsText(measured({
      partitions: [
        { topic: "clicks", partition: 0, lag: undefined, lagTime: undefined },
        { topic: "clicks", partition: 1, lag: 2, lagTime: NaN },
      ],
      watermarks: [{ watermark: "clock", task: 0, lag: undefined, bound: undefined, spread: undefined }],
    }));
    assertEquals(linesOf(text, "tidemark_source_lag"), [
      'tidemark_source_lag{tidemark_job="orders",topic="clicks",partition="1"} 2',
    ]);
    for (const name of ["tidemark_source_lag_time_seconds", "tidemark_watermark_lag_seconds", "NaN", "undefined"]) {
      assertEquals(text.includes(name), false, name);
    }
  });

  it("counts in each bucket all that are not longer, and in the last one all", () => {
    const commit = { bounds: [1, 2500], counts: [5, 2, 1], count: 8, sum: 12_500 };
    assertEquals(
      linesOf(metricsText(measured({ commit })), ...["bucket", "sum", "count"].map(duration)),
      [
        'tidemark_epoch_commit_duration_seconds_bucket{tidemark_job="orders",le="0.001"} 5',
        'tidemark_epoch_commit_duration_seconds_bucket{tidemark_job="orders",le="2.5"} 7',
        'tidemark_epoch_commit_duration_seconds_bucket{tidemark_job="orders",le="+Inf"} 8',
        'tidemark_epoch_commit_duration_seconds_sum{tidemark_job="orders"} 12.5',
        'tidemark_epoch_commit_duration_seconds_count{tidemark_job="orders"} 8',
      ],
    );
  });

  it("has the buckets of commits and transactions that people know from other systems", async () => {
    const log = memory();
    await using job = await run(log.source("clicks").pipe(log.sink("out")), {
      ...{ name: "buckets", state: ":memory:", log: () => {} },
    });
    const text = metricsText(job.metrics.measure());
    const bounds = (name: string) => linesOf(text, name).map((line) => /le="([^"]*)"/.exec(line)![1]);
    const expected = ["0.001", "0.0025", "0.005", "0.01", "0.02", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10"];
    for (const name of ["commit", "publish"]) {
      assertEquals(bounds(`tidemark_epoch_${name}_duration_seconds_bucket`), [...expected, "+Inf"]);
    }
    const longer = ["30", "60", "300", "3600"];
    assertEquals(bounds("tidemark_record_latency_seconds_bucket"), [...expected, ...longer, "+Inf"]);
  });

  it("writes names with quotes, backslashes and line ends as Prometheus reads them", () => {
    const counts = { ...measured().counts, source: { 'a"b\\c\nd': 1 } };
    assertEquals(linesOf(metricsText(measured({ counts })), "tidemark_source_records_total"), [
      'tidemark_source_records_total{tidemark_job="orders",topic="a\\"b\\\\c\\nd"} 1',
    ]);
  });

  it("is what the page answers, and needs its token", async () => {
    await using open = await stand();
    const answer = await fetch(new URL("/metrics", open.page.url));
    assertEquals(answer.headers.get("content-type"), METRICS_TYPE);
    assertMatch(await answer.text(), /^tidemark_tasks\{tidemark_job="stand",state="owned"\} 1$/m);
    await using closed = await stand({ token: "a token of twenty c.".replaceAll(" ", "-") });
    const refused = await fetch(new URL("/metrics", closed.page.url));
    assertEquals(refused.status, 401);
    await refused.body?.cancel();
  });
});

function duration(part: string): string {
  return `tidemark_epoch_commit_duration_seconds_${part}`;
}

describe("the table of metrics", () => {
  it("has names as OpenTelemetry writes them, and those of Prometheus by its rules", () => {
    assertEquals(
      INSTRUMENTS.filter(({ name }) => !/^tidemark(\.[a-z]+(_[a-z]+)*)+$/.test(name)).map(({ name }) => name),
      [],
    );
    assertEquals(new Set(INSTRUMENTS.map(({ name }) => name)).size, INSTRUMENTS.length);
    assertEquals(prometheusName({ name: "tidemark.worker.time", unit: "s", kind: "counter" }), WORKER_TIME);
    assertEquals(
      prometheusName({ name: "tidemark.state.size", unit: "By", kind: "gauge" }),
      "tidemark_state_size_bytes",
    );
    assertEquals(prometheusName({ name: "tidemark.tasks", unit: "{task}", kind: "gauge" }), "tidemark_tasks");
  });
});

const WORKER_TIME = "tidemark_worker_time_seconds_total";
