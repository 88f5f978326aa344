/** Metrics and traces of a job, as a receiver of OpenTelemetry gets them from Deno's exporter. */
import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../base/version.ts";
import { INSTRUMENTS } from "../telemetry/instruments.ts";
import { Receiver } from "./support/telemetry/receiver.ts";

/** Names of earlier conventions, with what may not stand behind or before them. */
const DEPRECATED =
  /"(messaging\.system|messaging\.operation|messaging\.kafka\.[a-z._]+|messaging\.client\.published\.messages|messaging\.(publish|receive)\.duration)"/;

/** Runs the program of the test, with what it needs to export to this receiver, until a condition holds. */
async function told(receiver: Receiver, holds: () => boolean): Promise<void> {
  const program = new URL("support/telemetry/told_main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", program],
    stdin: "piped",
    env: {
      ...{
        OTEL_DENO: "true",
        OTEL_DENO_CONSOLE: "ignore",
        OTEL_METRIC_EXPORT_INTERVAL: "200",
        OTEL_BSP_SCHEDULE_DELAY: "200",
        OTEL_SERVICE_NAME: "told",
      },
      ...{ OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    },
  }).spawn();
  const ended = child.status.then(({ code }) => Promise.reject(new Error(`The program has ended with code ${code}`)));
  await Promise.race([receiver.until(holds), ended]).finally(() => child.stdin.close());
  ended.catch(() => {});
  assertEquals((await child.status).code, 0);
}

Deno.test("a receiver of OpenTelemetry gets every metric that has a figure, and the spans of an epoch", async () => {
  await using receiver = new Receiver();
  const { metrics, spans } = receiver;
  const records = () => metrics.get("tidemark.source.records")?.points[0]?.value;
  await told(receiver, () => records() === 2 && spans.length >= 2 && metrics.has("messaging.process.duration"));

  assert([...receiver.scopes].includes(`@tidemark/streams ${VERSION}`), [...receiver.scopes].join());
  assertEquals(metrics.get("tidemark.source.records")?.points.map(({ attributes }) => attributes), [
    { "tidemark.job": "told", topic: "visits" },
  ]);
  // This job has no sink for dead letters and no transactions, and its results are not there yet.
  const without = ["tidemark.dead_letter.records", "tidemark.epoch.publish.duration"];
  const expected = INSTRUMENTS.filter(({ name }) => !without.includes(name));
  assertEquals(
    expected.map(({ name }) => [name, metrics.get(name)?.unit]),
    expected.map(({ name, unit }) => [name, unit]),
  );
  for (const { bounds, name } of expected.flatMap((one) => one.kind === "histogram" ? [one] : [])) {
    assertEquals(metrics.get(name)!.points[0].bounds, bounds.map((ms) => ms / 1000), name);
  }
  assertEquals(
    metrics.get("messaging.client.consumed.messages")?.points.map(({ value, attributes }) => [
      value,
      attributes,
    ]),
    [[2, {
      "messaging.system.name": "memory",
      "messaging.destination.name": "visits",
      "messaging.consumer.group.name": "told",
      "messaging.operation.name": "poll",
    }]],
  );

  const epoch = spans.find(({ name }) => name === "epoch told")!;
  const commit = spans.find(({ name }) => name === "commit")!;
  assertEquals([epoch.parentSpanId, commit.parentSpanId, commit.traceId], ["", epoch.spanId, epoch.traceId]);
  assertEquals([epoch.attributes["tidemark.job"], epoch.attributes["tidemark.records"]], ["told", 2]);
  assertEquals(epoch.links.map(({ traceId }) => traceId), ["0af7651916cd43dd8448eb211c80319c"]);
  assertEquals([commit.attributes["messaging.operation.name"], commit.attributes["messaging.operation.type"]], [
    "commit",
    "settle",
  ]);
  assertEquals(receiver.texts.filter((text) => DEPRECATED.test(text)), []);
});

Deno.test("no file of ours has a name of the conventions that is deprecated", () => {
  const files = [...Deno.readDirSync("telemetry")].map(({ name }) => `telemetry/${name}`);
  assert(files.length > 5);
  assertEquals(files.filter((file) => DEPRECATED.test(Deno.readTextFileSync(file))), []);
});

/** The packages that a module loads, with all that it imports. */
async function packagesOf(module: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--no-lock", "--json", module] })
    .output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
  assert(modules.some(({ specifier }) => specifier.endsWith(module)), module);
  return modules.map(({ specifier }) => specifier).filter((specifier) => /opentelemetry|logtape/.test(specifier));
}

Deno.test("programs that do not import telemetry load none of its packages, and those that have a page neither", async () => {
  for (const module of ["mod.ts", "dashboard/mod.ts", "testing/mod.ts"]) assertEquals(await packagesOf(module), []);
  assertEquals((await packagesOf("telemetry/mod.ts")).length, 2);
});
