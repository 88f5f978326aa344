import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { WrongFlags } from "../examples/arguments.ts";
import { type Asked, helpWith, parseFlags } from "../examples/recommendations/flags.ts";
import { type Ended, runProgram } from "./support/shop/program.ts";

function flagsOf(...args: string[]) {
  const asked = parseFlags(args, undefined);
  assert("run" in asked);
  return asked.run;
}

/** What is wrong with flags, and the help that goes with it. */
function wrong(args: readonly string[], environment?: string): { message: string; help: string } {
  try {
    parseFlags(args, environment);
  } catch (error) {
    if (error instanceof WrongFlags) return { message: error.message, help: helpWith(error) };
    throw error;
  }
  throw new Error(`Nothing is wrong with ${args.join(" ")}`);
}

/** It ended with that code, and said what is the matter in one sentence. */
function assertRefused(
  { code, stdout, stderr }: Ended,
  expected: { code: number; says: RegExp; lines?: number },
): void {
  assertEquals(code, expected.code, stderr.join("\n"));
  assertMatch(stderr[0], expected.says);
  assertMatch(stderr[0], /^[A-Z"-].*\.$/, "it is a sentence");
  assertEquals(stderr.length, expected.lines ?? 1, stderr.join("\n"));
  assertEquals(stderr.filter((line) => /^\s+at /.test(line)), [], "there is no stack trace");
  assertEquals(stdout, []);
}

Deno.test("flags have the defaults that the surface promises", () => {
  assertEquals(flagsOf(), {
    brokers: undefined,
    job: "recommendations",
    state: ".tidemark/recommendations.db",
    topics: {
      input: "user_events",
      output: "user_recommendations",
      activity: "user_activity",
      late: "user_events_late",
      deadLetter: "user_events_dead",
    },
    createTopics: false,
    only: undefined,
    events: undefined,
    rate: 2000,
    seed: undefined,
    untilEnd: false,
    from: "earliest",
    worker: undefined,
    json: false,
    dashboard: undefined,
  });
});

Deno.test("flags take what is given, and --events comes as fast as it goes", () => {
  const flags = flagsOf(
    ...["--brokers", "a:9092, b:9093", "--job", "shop", "--state", "https://kv.example", "--input", "events"],
    ...[
      "--dead-letter",
      "dead",
      "--create-topics",
      "--only",
      "counts",
      "--until-end",
      "--from",
      "2026-01-31T12:00:00Z",
    ],
    ...["--worker", "w1", "--json", "--dashboard", "off", "--kafka-driver", "kafkajs"],
  );
  assertEquals(flags.brokers, ["a:9092", "b:9093"]);
  assertEquals(flags.state, "https://kv.example");
  assertEquals(flags.topics.input, "events");
  assertEquals(flags.topics.deadLetter, "dead");
  assertEquals(flags.from, Date.UTC(2026, 0, 31, 12));
  assertEquals([flags.createTopics, flags.untilEnd, flags.json], [true, true, true]);
  assertEquals([flags.job, flags.only, flags.worker], ["shop", "counts", "w1"]);
  assertEquals(flagsOf("--events", "5").rate, undefined);
  assertEquals(flagsOf("--events", "5", "--rate", "0.5").rate, 0.5);
  assertEquals(flagsOf("--from", "latest").from, "latest");
  assertEquals([flags.dashboard, flagsOf("--dashboard", "9000").dashboard], ["off", 9000]);
});

Deno.test("KAFKA_BROKERS names the brokers where --brokers does not", () => {
  const brokers = (args: string[], environment: string) => {
    const asked = parseFlags(args, environment) as Extract<Asked, { run: unknown }>;
    return asked.run.brokers;
  };
  assertEquals(brokers([], "a:1"), ["a:1"]);
  assertEquals(brokers(["--brokers", "b:2"], "a:1"), ["b:2"]);
  assertEquals(brokers([], ""), undefined);
});

const WRONG: readonly [args: string[], says: string, helps: string][] = [
  [["--foo"], "There is no flag --foo.", "--help lists all flags."],
  [["-x"], "There is no flag -x.", "--help lists all flags."],
  [["events"], 'Every word must be a flag or its value, and "events" is neither.', "--help lists all flags."],
  [["--rate"], "--rate needs a value.", "--rate R"],
  [["--events", "-5"], '--events must be a whole number that is not negative, current value is "-5".', "--events N"],
  [["--rate", "--json"], "--rate needs a value.", "--rate R"],
  [["--job="], "--job needs a value.", "--job NAME"],
  [["--json=yes"], "--json takes no value.", "--json"],
  [["--rate", "0"], '--rate must be a number above 0, current value is "0".', "--rate R"],
  [["--events", "1.5"], '--events must be a whole number that is not negative, current value is "1.5".', "--events N"],
  [["--seed", "x"], '--seed must be a whole number that is not negative, current value is "x".', "--seed S"],
  [
    ["--only", "late"],
    '--only must be recommendations, activity or counts, current value is "late".',
    "--only recommendations|activity|counts",
  ],
  [["--job", "a b"], '--job must be 1 to 100 letters, digits, ".", "_" or "-", current value is "a b".', "--job NAME"],
  [
    ["--worker", "/"],
    '--worker must be 1 to 100 letters, digits, ".", "_" or "-", current value is "/".',
    "--worker NAME",
  ],
  [["--late", "a b"], '--late must be the name of a topic, current value is "a b".', "--late TOPIC"],
  [["--output", "user_events"], '--input and --output cannot both be the topic "user_events".', "--output TOPIC"],
  [["--brokers", "a"], 'A broker must be HOST:PORT, current value is "a".', "--brokers HOST:PORT"],
  [["--from", "now"], "--from must be earliest, latest or a time such as 2026-01-31T12:00:00Z", "--from earliest"],
  [["--from", "2026-13-01"], "--from must be earliest, latest or a time", "--from earliest"],
  [["--brokers", "a:1", "--events", "5"], "--events is about the embedded traffic, and --brokers says", "--events N"],
  [["--until-end", "--rate", "5"], "--rate makes traffic, and --until-end reads only what is there.", "--rate R"],
  [["--state", "http://kv"], "--state may be a URL only with --brokers", "--state PATH"],
  [["--workers", "3"], "--workers 3 is not there yet: ", "--help"],
  [
    ["--dashboard", "65536"],
    '--dashboard must be a port from 0 to 65535, or off, current value is "65536".',
    "--dashboard PORT|off",
  ],
  [["--dashboard", "on"], "--dashboard must be a port from 0 to 65535, or off", "--dashboard PORT|off"],
  [["--kafka-driver", "platformatic"], "--kafka-driver platformatic is not there yet: ", "--help"],
];

Deno.test("every wrong flag is told in one sentence, with that flag's help", () => {
  for (const [args, says, helps] of WRONG) {
    const { message, help } = wrong(args);
    assertStringIncludes(message, says);
    assertMatch(message, /\.$/);
    assertStringIncludes(help, helps);
    assertEquals(help.includes("\n"), false);
  }
  assertStringIncludes(wrong(["--rate", "5"], "a:1").message, "KAFKA_BROKERS says to run on Kafka");
});

Deno.test("the program's --help lists every flag with its default, and none that is not there yet", async () => {
  const { code, stdout, stderr } = await runProgram(["--help"]);
  assertEquals([code, stderr], [0, []]);
  const text = stdout.join("\n");
  const flags = [
    "brokers",
    "job",
    "state",
    "input",
    "output",
    "activity",
    "late",
    "dead-letter",
    "create-topics",
    "only",
  ];
  flags.push("events", "rate", "seed", "until-end", "from", "worker", "dashboard", "json", "help", "version");
  for (const flag of flags) assertMatch(text, new RegExp(`^  --${flag}\\b`, "m"));
  assertStringIncludes(text, "(.tidemark/recommendations.db)");
  for (const absent of ["--kafka-driver", "--workers"]) assertEquals(text.includes(absent), false);
});

Deno.test("the program's --version is the package's", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  assertEquals(await runProgram(["--version"]), { code: 0, stdout: [`@tidemark/streams ${version}`], stderr: [] });
});

Deno.test("a wrong flag ends the program with exit code 2, one sentence and the flag's help", async () => {
  const ended = await runProgram(["--events", "many"]);
  assertRefused(ended, { code: 2, says: /^--events must be a whole number/, lines: 2 });
  assertMatch(ended.stderr[1], /^ {2}--events N/);
});

Deno.test("a broker that cannot be reached ends the program with exit code 1 and one sentence", async () => {
  // Nobody listens where a listener has just been closed.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const broker = `127.0.0.1:${port}`;
  for (const flags of [[], ["--create-topics"]]) {
    const ended = await runProgram(["--brokers", broker, "--state", ":memory:", ...flags]);
    assertRefused(ended, {
      code: 1,
      says: new RegExp(`^Cannot connect to Kafka: no Kafka broker answers at ${broker}`),
    });
  }
});

Deno.test("a state that cannot be opened ends the program with exit code 1 and one sentence", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/text`, "This is no database. ".repeat(100));
  const noDatabase = "file is not a database; name another file, or move this one away";
  const noFile = ".*; name a file in a folder that exists or can be made, and that this user may write to";
  const notAllowed =
    "Deno does not let this program use that path; name a file in a folder of your own, which it may read and " +
    "write \\(--allow-read, --allow-write\\)";
  const refuses = async (path: string, why: string, ...flags: string[]) => {
    const says = new RegExp(`^Cannot open the state at ${path}: ${why}\\.?$`);
    assertRefused(await runProgram(["--state", path, ...flags]), { code: 1, says });
  };
  await refuses(`${folder}/text`, noDatabase);
  await refuses(`${folder}/text/state.db`, noFile);
  await refuses(folder, noFile);
  await refuses(`${folder}/text`, noDatabase, "--brokers", "127.0.0.1:1");
  if (Deno.build.os === "linux") await refuses("/proc/1/state.db", notAllowed);
  await Deno.remove(folder, { recursive: true });
});
