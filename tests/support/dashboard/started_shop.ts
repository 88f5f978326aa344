/** The example job as `deno task start` runs it, in a process of its own, on a real Kafka and with its page. */
import { scratch } from "../jobs.ts";
import { brokers, plainClient } from "../kafka.ts";
import { freshTopic } from "../recording_reader.ts";

const ROOT = new URL("../../../", import.meta.url);

/** A record for the input topic. A value that is no text is written as JSON. */
export interface Given {
  readonly key: string;
  readonly value: unknown;
  /** @default the partition of the key */
  readonly partition?: number;
}

/** The running program. Disposing of it stops it. */
export interface StartedShop extends AsyncDisposable {
  /** The address of its page, which it has printed. */
  readonly url: string;
  /** Its input topic. */
  readonly input: string;
  /** Writes records into its input topic. */
  produce(records: readonly Given[]): Promise<void>;
}

/** An event of the shop at a time. */
export function eventOf(user: string, timestamp_ms: number): Record<string, unknown> {
  return { user_id: user, product_id: "pen", category: "desk", event_type: "view", timestamp_ms };
}

/** Starts the program on topics of its own. */
export async function startShop(): Promise<StartedShop> {
  const folder = await scratch();
  const name = freshTopic();
  const topics = ["input", "output", "activity", "late", "dead-letter"].map((flag) => [`--${flag}`, `${name}-${flag}`]);
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...await wordsOfTask(),
      ...["--brokers", brokers.join(","), "--create-topics", "--job", name, "--state", folder.path("state.db")],
      ...["--dashboard", "0", ...topics.flat()],
    ],
    cwd: ROOT,
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const lines = process.stderr.pipeThrough(new TextDecoderStream());
  const [url, rest] = await pageOf(lines);
  const producer = plainClient().producer();
  await producer.connect();
  return {
    ...{ url, input: `${name}-input` },
    async produce(records) {
      const messages = records.map(({ value, ...rest }) => {
        return { ...rest, value: typeof value === "string" ? value : JSON.stringify(value) };
      });
      await producer.send({ topic: `${name}-input`, messages });
    },
    async [Symbol.asyncDispose]() {
      await producer.disconnect();
      process.kill("SIGTERM");
      await Promise.all([process.status, rest]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The words of `deno task start` behind `deno`. */
export async function wordsOfTask(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [deno, ...words] = tasks.start.command.split(" ");
  if (deno !== "deno") throw new Error(`The task start must run deno, and not ${deno}`);
  return words;
}

/** The address that the program prints, and the end of what it prints after that. */
async function pageOf(lines: ReadableStream<string>): Promise<[url: string, rest: Promise<void>]> {
  const reader = lines.getReader();
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The program ended without a page: ${said}`);
    said += value;
    const found = /its page is at (\S+)\s/.exec(said);
    if (found !== null) return [found[1], drained(reader)];
  }
}

async function drained(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}
