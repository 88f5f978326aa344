/**
 * A connector that reports when a job takes tasks over and when it publishes. Otherwise it does what the wrapped one
 * does.
 */
import type {
  AfterCommit,
  Connection,
  Connector,
  DeliveredTask,
  DeliveryLife,
  ReaderHandler,
} from "../../../connectors/connector.ts";
import type { Driver, Line } from "../../../connectors/kafka/driver.ts";
import { UNPUBLISHED } from "../deliveries.ts";
import { sinkVerb, sourceVerb } from "../../../connectors/verbs.ts";
import type { Verbs } from "./job.ts";
import type { Points } from "./points.ts";

/** Ways to break the protocol, which the suite must detect. */
export type Mutant =
  /** The marker is not read: every task looks new. */
  | "ignore the marker"
  /** Results are published without the marker. */
  | "publish without the marker"
  /** The marker is published first, and the results afterwards in another transaction. */
  | "publish the marker first"
  /** A new owner of a task does not fence the old publisher. */
  | "do not fence";

/** Wraps a connector, which gets its own `source()` and `sink()`. */
export function phasedConnector(
  connector: Connector,
  { points, mutant }: { points: Points; mutant: Mutant | undefined },
): Connector & Verbs {
  const phased: Connector & Verbs = {
    id: connector.id,
    lockPath: connector.lockPath,
    open: async (context) => phasedConnection(await connector.open(context), { points, mutant }),
    source: (topic) => sourceVerb(phased, topic),
    sink: (topic, options) => sinkVerb(phased, topic, options),
  };
  return phased;
}

function phasedConnection(
  connection: Connection,
  { points, mutant }: { points: Points; mutant: Mutant | undefined },
): Connection {
  const own = connection.delivery;
  const delivery = own.kind === "afterCommit" ? phasedDelivery(own, { points, mutant }) : own;
  return new Proxy(connection, {
    get(target, name) {
      if (name === "delivery") return delivery;
      if (name === "reader") {
        return (...[options, handler]: Parameters<Connection["reader"]>) =>
          target.reader(options, phasedHandler(handler, points));
      }
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function phasedHandler(handler: ReaderHandler, points: Points): ReaderHandler {
  return new Proxy(handler, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (name !== "assigned") return typeof member === "function" ? member.bind(target) : member;
      return async (...words: Parameters<ReaderHandler["assigned"]>) => {
        points.begin("claim");
        points.end("start");
        const starts = await target.assigned(...words);
        points.begin("push");
        points.end("restore");
        points.end("claim");
        points.say(`owns ${words[0].join(",")}`);
        points.say("running");
        return starts;
      };
    },
  });
}

function phasedDelivery(
  delivery: AfterCommit,
  { points, mutant }: { points: Points; mutant: Mutant | undefined },
): AfterCommit {
  const phasedLife = (life: DeliveryLife): DeliveryLife => {
    return {
      async publish(tasks) {
        const rows = tasks.flatMap(({ epochs }) => epochs.flatMap((epoch) => epoch.rows));
        if (rows.length === 0) return await life.publish(tasks);
        if (mutant === "publish the marker first") await life.publish(tasks.map(withoutRows));
        points.reach("publishing");
        points.end("committed, not sent");
        points.begin("send");
        try {
          const reached = await life.publish(tasks);
          points.say("published");
          return reached;
        } catch (error) {
          points.say(`refused ${error instanceof Error ? error.message : error}`);
          throw error;
        } finally {
          points.end("send");
        }
      },
      close: () => life.close(),
    };
  };
  return {
    kind: "afterCommit",
    encoder: (context) => delivery.encoder(context),
    knows: (job) => delivery.knows(job),
    prepare: (job) => delivery.prepare(job),
    async open(owner) {
      points.say(`producer ${owner}`);
      return phasedLife(await delivery.open(owner));
    },
    async rehearse(owner, topics) {
      points.say(`producer ${owner}`);
      return phasedLife(await delivery.rehearse(owner, topics));
    },
    async fence(owner) {
      if (mutant === "do not fence") return;
      await delivery.fence(owner);
      points.reach("fenced");
    },
    async published(tasks) {
      const markers = await delivery.published(tasks);
      points.reach("marked");
      return mutant === "ignore the marker" ? new Map(tasks.map((task) => [task, UNPUBLISHED])) : markers;
    },
  };
}

function withoutRows({ epochs, ...task }: DeliveredTask): DeliveredTask {
  return { ...task, epochs: epochs.map(({ epoch }) => ({ epoch, rows: [] })) };
}

/** Wraps a Kafka driver, to report the steps of a transaction. `timeout`: the transaction timeout, in milliseconds. */
export function phasedDriver(
  driver: Driver,
  points: Points,
  options: { readonly timeout: number | undefined; readonly mutant: Mutant | undefined },
): Driver {
  return { name: driver.name, line: () => phasedLine(driver.line(), points, options) };
}

function phasedLine(
  line: Line,
  points: Points,
  { timeout, mutant }: { readonly timeout: number | undefined; readonly mutant: Mutant | undefined },
): Line {
  const steps: Partial<Line> = {
    async commitInTransaction(...words) {
      if (mutant === "publish without the marker" && points.during("send")) return;
      await line.commitInTransaction(...words);
    },
    initProducer: (id, own) => line.initProducer(id, timeout ?? own),
    async addPartitions(...words) {
      await line.addPartitions(...words);
      points.reach("begun");
    },
    async produce(...words) {
      const failures = await line.produce(...words);
      points.reach("written");
      return failures;
    },
    async endTransaction(...words) {
      // The first marker of a new task has its own transaction without results.
      if (!points.during("send")) return await line.endTransaction(...words);
      points.reach("sent");
      points.begin("transaction commit");
      points.end("send");
      try {
        const ending = line.endTransaction(...words);
        points.reach("ending");
        await ending;
        points.reach("ended");
      } finally {
        points.end("transaction commit");
      }
    },
  };
  return new Proxy(line, {
    get(target, name) {
      const step = steps[name as keyof Line];
      if (step !== undefined) return step;
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
