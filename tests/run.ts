/**
 * `deno task test`: every test and every example, with the one set-up that they share.
 *
 * The last line is `N passed, N failed`. Words after the command go on to `deno test`; a path among them runs that file
 * alone: `deno task test tests/run_test.ts --filter counts`.
 */
import { findBroker, startSharedBroker } from "./support/broker.ts";
import { containersAtHand } from "./support/broker/container.ts";
import { keepSharedBroker } from "./support/broker/shared.ts";
import { prepareConfig } from "./support/run/config.ts";
import { findBrowser } from "./support/run/find_browser.ts";
import { findPrometheus } from "./support/run/find_prometheus.ts";
import { findPython } from "./support/run/find_python.ts";
import { add, type Counts, countTests, longest, NOTHING } from "./support/run/junit.ts";
import { chooseTargets } from "./support/run/targets.ts";

/** How many of the tests that took longest are told. */
const LONGEST = 20;

/**
 * How many test modules run at once: one more than there are processors, for they wait a lot. Each may have brokers and
 * processes of its own.
 */
const DENO_JOBS = String(Math.min(4, navigator.hardwareConcurrency + 1));

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const { flags, tests, documents, named } = chooseTargets(args);
  using config = await prepareConfig();
  const broker = await findBroker();
  const containers = await containersAtHand();
  const browser = findBrowser();
  const prometheus = findPrometheus();
  const python = findPython();
  console.log(
    `Tests run with ${config.library}. Kafka: ${broker.reason}. Browser: ${browser.reason}. ` +
      `Prometheus: ${prometheus.reason}. Python: ${python.reason}.`,
  );

  await using keeper = keepSharedBroker(startSharedBroker);
  let counts = NOTHING;
  let interrupted = false;
  const run = async (...words: string[]) => {
    if (interrupted) return;
    const result = await runDeno([...words, ...config.flags, ...flags], { DENO_JOBS, ...keeper.env });
    counts = add(counts, result.counts);
    interrupted = result.interrupted;
  };
  // Examples in comments and pages are checked here in any case: nothing else does that.
  const types = Deno.env.get("TIDEMARK_TYPES") === "checked" ? ["--no-check"] : [];
  if (!named || tests.length > 0) await run("test", "--allow-all", "--parallel", ...types, ...tests);
  if (documents.length > 0) await run("test", "--allow-all", "--doc", ...documents);

  const wanting = broker.kind === "none"
    ? broker.reason
    : !containers.ok
    ? `No container: ${containers.reason}`
    : !browser.ok
    ? `No browser: ${browser.reason}`
    : !prometheus.ok
    ? `No Prometheus: ${prometheus.reason}`
    : !python.ok
    ? `No Python for notebooks: ${python.reason}`
    : undefined;
  if (Deno.env.get("CI") === "true" && wanting !== undefined && counts.skipped > 0) {
    console.log(
      `CI=true allows no test to be skipped for want of a broker, a container, a browser, a Prometheus or a Python. ${wanting}.`,
    );
    counts = { ...counts, failed: counts.failed + counts.skipped, skipped: 0 };
  }
  // Repeated here, because the end of a long output is what is kept and read.
  for (const failure of counts.failures) console.log(`\nFailed: ${failure}`);
  if (counts.times.size > 1) console.log(`\nThe longest tests:\n${longest(counts, LONGEST).join("\n")}`);
  console.log(`Took ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

/** Runs `deno test` with its output going straight to ours, and counts what it reports. */
async function runDeno(
  words: string[],
  env: Record<string, string>,
): Promise<{ counts: Counts; interrupted: boolean }> {
  const report = await Deno.makeTempFile({ prefix: "tidemark-test-", suffix: ".xml" });
  const [command, ...rest] = words;
  const child = new Deno.Command(Deno.execPath(), { args: [command, `--junit-path=${report}`, ...rest], env }).spawn();
  // A terminal sends Ctrl+C to the child as well; what matters here is to outlive it, so that the broker is ended.
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    child.kill("SIGTERM");
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    const { success } = await child.status;
    const counts = countTests(await Deno.readTextFile(report));
    // What breaks before any test runs, such as a type error, is in no report.
    return { counts: success || counts.failed > 0 ? counts : add(counts, { ...NOTHING, failed: 1 }), interrupted };
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
    await Deno.remove(report);
  }
}
