/**
 * Jobs whose pages are worth looking at: one that is busy, a quiet one, one that waits for a partition, one that waits
 * for its broker, and one that has died. All of them are real jobs on topics in memory.
 */
import { map } from "rxjs";
import {
  count,
  deadLetter,
  eventTime,
  type Job,
  keyedReduce,
  memory,
  minutes,
  run,
  type RunOptions,
  seconds,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import type { ReaderHandler } from "../../../connectors/connector.ts";
import { randomOf } from "../../../examples/random.ts";

/** The scenes. */
export const SCENES = ["busy", "quiet", "waits for a partition", "waits for the broker", "has died"] as const;

/** One of them. */
export type SceneName = (typeof SCENES)[number];

/** A visit to a page of a shop. */
export interface Visit {
  readonly user: string;
  readonly page: string;
  readonly at: number;
}

/** A job in its situation. Disposing of it ends the job. */
export interface Scene extends AsyncDisposable {
  readonly job: Job;
  readonly log: ReturnType<typeof memory>;
}

const PARTITIONS = 4;
/** How often traffic is appended, in milliseconds. */
const TICK = 100;

/** Visits, counted by user, in windows and since ever. */
function pipelines(log: ReturnType<typeof memory>, idleAfter?: number) {
  const visits = log.source<Visit>("visits", { tombstones: "refuse" }).pipe(
    map(checked),
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(20), ...(idleAfter === undefined ? {} : { idleAfter }) }),
  );
  const active = visits.pipe(
    tumblingWindow({ name: "activity", key: ({ user }) => user, size: seconds(20), aggregate: count() }),
    map(({ key, window, value }) => ({ user: key, from: window.start, visits: value })),
    log.sink("user_activity"),
  );
  const byUser = visits.pipe(
    keyedReduce({ name: "visits-of-user", key: ({ user }) => user, initial: 0, reduce: (total) => total + 1 }),
    map(({ key, value }) => ({ user: key, visits: value })),
    log.sink("user_visits"),
  );
  return [active, byUser];
}

/** Refuses visits to a page that there is not. */
function checked(visit: Visit): Visit {
  if (visit.page === "/bad") throw new Error('the page "/bad" has no name');
  return visit;
}

/** Opens a scene. `rate` is records a second. */
export async function openScene(name: SceneName, { rate = 2_000 }: { rate?: number } = {}): Promise<Scene> {
  const log = memory();
  for (const topic of ["visits", "user_activity", "user_visits"]) log.create(topic, { partitions: PARTITIONS });
  const handlers = name === "waits for the broker" ? handlersOf(log) : [];
  const options: RunOptions = { name: "shop", state: ":memory:", worker: "harbour-1", log: () => {} };
  const job = name === "has died"
    ? await run(
      log.source<Visit>("visits", { tombstones: "refuse" }).pipe(map(checked), log.sink("user_activity")),
      options,
    )
    : name === "waits for a partition"
    ? await run(pipelines(log), { ...options, tasks: "single" })
    : await run(pipelines(log, minutes(1)), { ...options, onError: deadLetter(log.sink("visits_dead")) });
  const partitions = name === "waits for a partition" ? PARTITIONS - 1 : PARTITIONS;
  const traffic = new Traffic(log, { rate: name === "busy" ? rate : 200, partitions });
  job.finished.catch(() => traffic.stop());
  if (name === "quiet") {
    traffic.stop();
    traffic.append(Date.now(), 400);
  }
  if (name === "has died") log.append("visits", [{ key: "x", value: { user: "x", page: "/bad", at: Date.now() } }]);
  if (name === "waits for the broker") {
    traffic.append(Date.now(), 2_000);
    traffic.stop();
    const away = new Error("the broker kafka.example:9092 cannot be reached: the connection was refused");
    for (const handler of handlers) handler.trouble("input", away);
  }
  return {
    ...{ job, log },
    async [Symbol.asyncDispose]() {
      traffic.stop();
      await job.stop();
    },
  };
}

/** The handlers of a log's readers, to which a scene tells its trouble. */
function handlersOf(log: ReturnType<typeof memory>): ReaderHandler[] {
  const handlers: ReaderHandler[] = [];
  const open = log.open.bind(log);
  log.open = async (context) => {
    const connection = await open(context);
    const reader = connection.reader.bind(connection);
    connection.reader = (options, handler) => {
      handlers.push(handler);
      return reader(options, handler);
    };
    return connection;
  };
  return handlers;
}

/** Visits that come a little out of order, a few of them late, one partition busier than the others. */
class Traffic {
  readonly #log: ReturnType<typeof memory>;
  readonly #partitions: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #index = 0;

  constructor(log: ReturnType<typeof memory>, { rate, partitions }: { rate: number; partitions: number }) {
    this.#log = log;
    this.#partitions = partitions;
    let before = Date.now();
    this.#timer = setInterval(() => {
      const now = Date.now();
      // The rate breathes, as that of people does.
      const wave = 1 + 0.25 * Math.sin(now / 9_000);
      this.append(now, Math.round(rate * wave * (now - before) / 1000));
      before = now;
    }, TICK);
  }

  /** Appends so many visits that have happened until now. */
  append(now: number, records: number): void {
    this.#log.append("visits", Array.from({ length: records }, () => this.#visit(now)));
  }

  #visit(now: number) {
    const random = randomOf(7, this.#index++);
    // Half of the visits are of few users, so one partition is busier than the others.
    const number = Math.floor(random() ** 2 * 800);
    const user = `user-${number < 40 ? number - number % PARTITIONS : number}`;
    const partition = Number(user.slice(5)) % this.#partitions;
    const luck = random() * 10_000;
    // Each partition has its own delay, so that their stairs are apart.
    const usual = random() * 1_500 + partition * 900;
    const delay = luck < 0.5 ? seconds(25) + random() * seconds(20) : luck < 150 ? random() * seconds(18) : usual;
    const page = luck > 9_999.8 ? "/bad" : `/product/${Math.floor(random() ** 2 * 40)}`;
    const value: Visit = { user, page, at: Math.floor(now - delay) };
    return { key: user, value, partition, timestamp: now };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
