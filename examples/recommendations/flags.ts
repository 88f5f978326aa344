/**
 * The command-line flags of the program: their meaning, their defaults, and the checks of their values.
 */
import type { From } from "@tidemark/streams";
import { readArguments, WrongFlags } from "../arguments.ts";
import type { Topics } from "./pipeline.ts";

/** The values of the flags. */
export interface Flags {
  /** Addresses of a Kafka cluster; `undefined` is the embedded log. */
  readonly brokers: readonly string[] | undefined;
  readonly job: string;
  readonly state: string;
  readonly topics: Topics;
  readonly createTopics: boolean;
  readonly only: (typeof RESULTS)[number] | undefined;
  /** How many events the embedded traffic has; `undefined` is without end. */
  readonly events: number | undefined;
  /** Events a second; `undefined` is as fast as possible. */
  readonly rate: number | undefined;
  /** The seed of the embedded traffic; `undefined` continues the stored traffic, or takes the default seed. */
  readonly seed: number | undefined;
  readonly untilEnd: boolean;
  readonly from: From;
  readonly worker: string | undefined;
  readonly json: boolean;
  /** The port of the live page; `undefined` is the first one that is free. */
  readonly dashboard: number | "off" | undefined;
}

/** The action that the command line selects. */
export type Asked = { readonly run: Flags } | { readonly show: "help" | "version" };

interface Flag {
  /** The placeholder of its value in the help. Without it the flag takes no value. */
  readonly value?: string;
  readonly means: string;
  readonly default?: string;
}

const FLAGS = {
  brokers: { value: "HOST:PORT,...", means: "run on Kafka, not on the embedded log", default: "env KAFKA_BROKERS" },
  job: { value: "NAME", means: "the job's name, and its Kafka consumer group", default: "recommendations" },
  state: { value: "PATH|URL|:memory:", means: "the Deno KV of its state", default: ".tidemark/recommendations.db" },
  input: { value: "TOPIC", means: "the events to read", default: "user_events" },
  output: { value: "TOPIC", means: "what to recommend to a user, after every event", default: "user_recommendations" },
  activity: { value: "TOPIC", means: "each user's count of every minute", default: "user_activity" },
  late: { value: "TOPIC", means: "events that came too late for their minute", default: "user_events_late" },
  "dead-letter": { value: "TOPIC", means: "records that are no events", default: "user_events_dead" },
  "create-topics": { means: "make missing topics, with as many partitions as the input (4 where it is missing too)" },
  only: {
    value: "recommendations|activity|counts",
    means: "one result; counts: each user's count after every event, in the place of recommendations",
    default: "recommendations and activity",
  },
  events: { value: "N", means: "embedded traffic: how many events in all", default: "endless" },
  rate: { value: "R", means: "embedded traffic: events a second", default: "2000; with --events as fast as it goes" },
  seed: { value: "S", means: "embedded traffic: which", default: "the one that was begun, else 1" },
  "until-end": { means: "what is in the input at the start is all of it: process it, fire what is open, finish, exit" },
  from: { value: "earliest|latest|TIME", means: "where a new job begins, TIME in ISO 8601", default: "earliest" },
  worker: { value: "NAME", means: "this worker's name, unique among those that run", default: "chosen for it" },
  dashboard: { value: "PORT|off", means: "the live page of the job", default: "8321, or the next free port" },
  json: { means: "the summary as one JSON line, last on stdout; everything else goes to stderr" },
  help: { means: "show this" },
  version: { means: "show the version" },
} as const satisfies Record<string, Flag>;

type Name = keyof typeof FLAGS;
type Given = { readonly [name in Name]?: string | boolean };

/** Flags that are planned and have no effect yet, with the only value that is accepted. */
const NOT_YET = {
  "kafka-driver": { only: "kafkajs", instead: "the Kafka client is kafkajs" },
  workers: { only: undefined, instead: "to share the work, start the same command several times" },
} as const;

/** What `--only` may ask for. */
const RESULTS = ["recommendations", "activity", "counts"] as const;

const TOPIC_FLAGS = ["input", "output", "activity", "late", "dead-letter"] as const;

/** The help. */
export function help(): string {
  const names = Object.keys(FLAGS) as Name[];
  return `Recommends products to the users of a shop after each of their events, and counts events per user and minute, exactly once.

Usage: deno task start [flags]

With no broker named, it needs nothing but Deno: it makes the shop's traffic and runs on a log in a local file.
The latest row of each user is in the state's KV under ["shop", "for_you", USER], what trends under ["shop", "trending", CATEGORY].

${names.map(helpOf).join("\n")}`;
}

/** Describes the flag that is invalid. */
export function helpWith({ flag }: WrongFlags): string {
  return flag !== undefined && Object.hasOwn(FLAGS, flag) ? helpOf(flag as Name) : "--help lists all flags.";
}

/**
 * Reads the command line.
 *
 * @param args the words after the program's name
 * @param environment the value of `KAFKA_BROKERS`
 * @throws {WrongFlags} when the flags are invalid
 */
export function parseFlags(args: readonly string[], environment: string | undefined): Asked {
  const given = parse(args);
  if (given.help) return { show: "help" };
  if (given.version) return { show: "version" };
  const text = (name: Name) => textOf(given, name);
  const events = countOf(given, "events");
  const rate = rateOf(given);
  const named = text("brokers") ?? (environment || undefined);
  const flags: Flags = {
    brokers: named === undefined ? undefined : brokersOf(named),
    job: nameOf(given, "job") ?? FLAGS.job.default,
    state: text("state") ?? FLAGS.state.default,
    topics: topicsOf(given),
    createTopics: given["create-topics"] === true,
    only: onlyOf(given),
    events,
    rate: rate ?? (events === undefined ? 2000 : undefined),
    seed: countOf(given, "seed"),
    untilEnd: given["until-end"] === true,
    from: fromOf(text("from") ?? FLAGS.from.default),
    worker: nameOf(given, "worker"),
    json: given.json === true,
    dashboard: dashboardOf(text("dashboard")),
  };
  checkTogether(given, flags);
  return { run: flags };
}

function parse(args: readonly string[]): Given {
  const options: Record<string, { type: "string" | "boolean" }> = {};
  for (const [name, flag] of Object.entries<Flag>(FLAGS)) {
    options[name] = { type: "value" in flag ? "string" : "boolean" };
  }
  for (const name of Object.keys(NOT_YET)) options[name] = { type: "string" };
  const values = readArguments(args, options);
  for (const [name, { only, instead }] of Object.entries(NOT_YET)) {
    const value = values[name];
    if (value === undefined || value === only) continue;
    throw new WrongFlags(`--${name} ${value} is not there yet: ${instead}.`);
  }
  return values;
}

function textOf(given: Given, name: Name): string | undefined {
  const value = given[name];
  if (value === "") throw new WrongFlags(`--${name} needs a value.`, name);
  return typeof value === "string" ? value : undefined;
}

function brokersOf(text: string): string[] {
  const brokers = text.split(",").map((broker) => broker.trim()).filter((broker) => broker !== "");
  const wrong = brokers.find((broker) => !/^[^\s:]+:\d{1,5}$/.test(broker));
  if (brokers.length > 0 && wrong === undefined) return brokers;
  throw new WrongFlags(`A broker must be HOST:PORT, current value is "${wrong ?? text}".`, "brokers");
}

function nameOf(given: Given, flag: "job" | "worker"): string | undefined {
  const name = textOf(given, flag);
  if (name === undefined || /^[A-Za-z0-9._-]{1,100}$/.test(name)) return name;
  throw new WrongFlags(
    `--${flag} must be 1 to 100 letters, digits, ".", "_" or "-", current value is "${name}".`,
    flag,
  );
}

function topicsOf(given: Given): Topics {
  const users = new Map<string, string>();
  const names = TOPIC_FLAGS.map((flag) => {
    const topic = textOf(given, flag) ?? FLAGS[flag].default;
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic) || topic === "." || topic === "..") {
      throw new WrongFlags(`--${flag} must be the name of a topic, current value is "${topic}".`, flag);
    }
    const other = users.get(topic);
    if (other !== undefined) {
      throw new WrongFlags(`--${other} and --${flag} cannot both be the topic "${topic}".`, flag);
    }
    users.set(topic, flag);
    return topic;
  });
  const [input, output, activity, late, deadLetter] = names;
  return { input, output, activity, late, deadLetter };
}

function onlyOf(given: Given): Flags["only"] {
  const only = textOf(given, "only");
  const known = RESULTS.find((result) => result === only);
  if (only === known) return known;
  throw new WrongFlags(`--only must be recommendations, activity or counts, current value is "${only}".`, "only");
}

function countOf(given: Given, flag: "events" | "seed"): number | undefined {
  const text = textOf(given, flag);
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new WrongFlags(`--${flag} must be a whole number that is not negative, current value is "${text}".`, flag);
}

function rateOf(given: Given): number | undefined {
  const text = textOf(given, "rate");
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new WrongFlags(`--rate must be a number above 0, current value is "${text}".`, "rate");
}

function dashboardOf(text: string | undefined): Flags["dashboard"] {
  if (text === undefined || text === "off") return text;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new WrongFlags(`--dashboard must be a port from 0 to 65535, or off, current value is "${text}".`, "dashboard");
}

function fromOf(text: string): From {
  if (text === "earliest" || text === "latest") return text;
  const time = /^\d{4}-\d\d(-\d\d|$)/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new WrongFlags(
    `--from must be earliest, latest or a time such as 2026-01-31T12:00:00Z, current value is "${text}".`,
    "from",
  );
}

/** Checks for flags that exclude each other. */
function checkTogether(given: Given, { brokers, state, untilEnd }: Flags): void {
  for (const flag of ["events", "rate", "seed"] as const) {
    if (given[flag] === undefined) continue;
    if (brokers !== undefined) {
      const named = given.brokers === undefined ? "KAFKA_BROKERS says" : "--brokers says";
      throw new WrongFlags(`--${flag} is about the embedded traffic, and ${named} to run on Kafka.`, flag);
    }
    if (untilEnd) throw new WrongFlags(`--${flag} makes traffic, and --until-end reads only what is there.`, flag);
  }
  if (brokers === undefined && /^https?:/.test(state)) {
    throw new WrongFlags("--state may be a URL only with --brokers: the embedded log is in a local file.", "state");
  }
}

/** The lines of the help for one flag. */
function helpOf(name: Name): string {
  const flag: Flag = FLAGS[name];
  const word = `--${name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
  return `  ${word.padEnd(31)} ${flag.means}${flag.default === undefined ? "" : ` (${flag.default})`}`;
}
