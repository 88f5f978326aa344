/** The rights that docs/security.md names are enough, and a job needs each of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { deadLetter, keyedReduce, repartition, run } from "@tidemark/streams";
import { kafka } from "@tidemark/streams/kafka";
import { read } from "./support/documents.ts";
import { type GuardedBroker, guardedBroker, type Operation, type Right } from "./support/faults/guarded_broker.ts";
import { ignore } from "./support/faults/own_cluster.ts";
import { scratch } from "./support/jobs.ts";
import { clientOf, makeTopic } from "./support/kafka_clients.ts";
import { freshTopic } from "./support/recording_reader.ts";

const PAGE = read("docs/security.md");
const RESOURCES = { Topic: "TOPIC", Group: "GROUP", TransactionalId: "TRANSACTIONAL_ID" } as const;

/** A line of the table of Kafka's rights. */
interface Line {
  readonly resource: keyof typeof RESOURCES;
  readonly name: string;
  readonly prefixed: boolean;
  readonly operation: Operation;
  readonly optional: boolean;
}

const LINES: Line[] = [...PAGE.matchAll(/^\| (Topic|Group|TransactionalId) .*$/gm)].map(([line]) => {
  const [resource, name, pattern, operation, reason] = line.split("|").slice(1, -1).map((cell) => cell.trim());
  return {
    resource: resource as keyof typeof RESOURCES,
    name: name.replaceAll("`", ""),
    prefixed: pattern === "prefixed",
    operation: operation as Operation,
    optional: reason.startsWith("optional"),
  };
});

let world: GuardedBroker;
const OPTIONS = { sanitizeOps: false, sanitizeResources: false };

/** A job of which nothing exists but its topics. */
class Place {
  readonly job = freshTopic();
  readonly #topics = { in: `${this.job}-in`, out: `${this.job}-out`, dead: `${this.job}-dead` };

  static async make(): Promise<Place> {
    const place = new Place();
    for (const topic of Object.values(place.#topics)) await makeTopic(world.direct, topic, { partitions: 2 });
    const producer = clientOf(world.direct).producer();
    await producer.connect();
    const values = ['"ada"', '"bob"', "no JSON"];
    await producer.send({ topic: place.#topics.in, messages: values.map((value) => ({ key: value, value })) });
    await producer.disconnect();
    return place;
  }

  /** The rights of a line, for this job. */
  #rights({ resource, name, prefixed, operation }: Line): Right[] {
    const { in: input, out, dead } = this.#topics;
    const names = name === "<each input>"
      ? [input]
      : name === "<each output>"
      ? [out, dead]
      : [name.replace("<job>", this.job).replace("<hop>", "by-name")];
    return names.map((name) => ({ resource: RESOURCES[resource], name, prefixed, operation }));
  }

  /** Grants the lines and runs the job. Returns how it ended. */
  async run(lines: readonly Line[]): Promise<string> {
    await world.grant(lines.flatMap((line) => this.#rights(line)));
    await using folder = await scratch();
    const broker = kafka({ ...world.options, transactionTimeout: 5000 });
    const totals = broker.source<string>(this.#topics.in, { tombstones: "refuse" }).pipe(
      repartition({ name: "by-name", key: (name) => name }),
      keyedReduce({ name: "totals", key: (name) => name, initial: 0, reduce: (total) => total + 1 }),
      broker.sink(this.#topics.out, { key: ({ key }) => key }),
    );
    const onBadRecord = deadLetter(broker.sink(this.#topics.dead));
    try {
      await using job = await run(totals, {
        ...{ name: this.job, state: folder.path("state.db"), until: "end", onBadRecord, log: () => {} },
        giveUpAfter: 5000,
      });
      return (await job.finished).reason;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

describe("the rights on Kafka that docs/security.md names", { ignore }, () => {
  beforeAll(async () => {
    if (!ignore) world = await guardedBroker({}, []);
  });
  afterAll(async () => {
    if (!ignore) await world[Symbol.asyncDispose]();
  });

  it("are enough for a job with a hop and dead letters, without the optional ones", OPTIONS, async () => {
    const needed = LINES.filter(({ optional }) => !optional);
    assert(needed.length >= 10, `${needed.length} lines`);
    assertEquals(await (await Place.make()).run(needed), "finished");
  });

  for (const missing of LINES.filter(({ optional }) => !optional)) {
    it(`are all needed: without ${missing.operation} on ${missing.name} the job is refused`, OPTIONS, async () => {
      const rest = LINES.filter((line) => !line.optional && line !== missing);
      assertMatch(await (await Place.make()).run(rest), /does not allow this user/);
    });
  }
});

/** The flags of the program on the page, with addresses and folder of a test. */
function flags(brokers: readonly string[], folder: string): string[] {
  const [, command] = /```sh\n(deno run [^`]*)main\.ts\n```/.exec(PAGE)!;
  return command.replaceAll("\\\n", "").split(/\s+/).filter((word) => word.startsWith("--")).map((flag) =>
    flag.replace("kafka-1:9092,kafka-2:9092", brokers.join(",")).replace("/state", folder)
  );
}

describe("the permissions of Deno that docs/security.md names", { ignore }, () => {
  beforeAll(async () => {
    if (!ignore) world = await guardedBroker();
  });
  afterAll(async () => {
    if (!ignore) await world[Symbol.asyncDispose]();
  });

  async function runWith(choose: (flags: string[]) => string[]): Promise<string> {
    await using folder = await scratch();
    const [input, output] = [freshTopic(), freshTopic()];
    for (const topic of [input, output]) await makeTopic(world.direct, topic, { partitions: 2 });
    const permissions = choose(flags(world.direct, folder.path("")));
    const program = ["tests/support/permitted_main.ts", world.direct.join(","), input, output, folder.path("state.db")];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--no-check", ...permissions, ...program],
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  }

  it("are enough for a job on Kafka with its state in a file", OPTIONS, async () => {
    assertEquals(await runWith((flags) => flags), "finished\n");
  });

  for (const name of ["net", "env", "read", "write"]) {
    it(`are all needed: without --allow-${name} the job does not start`, OPTIONS, async () => {
      assertMatch(
        await runWith((flags) => flags.filter((flag) => !flag.startsWith(`--allow-${name}=`))),
        new RegExp(`Requires ${name} access|--allow-${name}`),
      );
    });
  }
});
