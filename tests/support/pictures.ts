/** The pipelines whose pictures are in docs/pictures/, and a program that draws them anew. */
import { from, type OperatorFunction } from "rxjs";
import {
  count,
  eventTime,
  memory,
  minutes,
  seconds,
  sessionWindow,
  slidingWindow,
  tumblingWindow,
  watermark,
} from "@tidemark/streams";
import { type Trace, trace, type TraceOptions } from "@tidemark/streams/pictures";
import { testPipeline } from "@tidemark/streams/testing";

/** An event of these pipelines. */
export interface Click {
  readonly user: string;
  readonly at: number;
}

const click = (user: string, second: number): Click => ({ user, at: seconds(second) });
const IN_ORDER = [
  click("ada", 5),
  click("bob", 30),
  click("ada", 50),
  click("bob", 70),
  click("ada", 100),
  click("bob", 130),
];
const OUT_OF_ORDER = [
  ...[click("ada", 5), click("ada", 50), click("bob", 70), click("ada", 40), click("bob", 100)],
  ...[click("bob", 35), click("ada", 130), click("bob", 160)],
];
const USERS: TraceOptions = { label: ({ user }: Click) => user };

function over<R>(
  clicks: readonly Click[],
  window: OperatorFunction<Click | null, R>,
  { bound = 30, ...options }: TraceOptions & { readonly bound?: number } = {},
): Trace {
  const times = from(clicks).pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(bound) }),
  );
  return trace(times.pipe(window), options);
}

const everyMinute = { name: "activity", key: ({ user }: Click) => user, size: minutes(1), aggregate: count<Click>() };

/** Two partitions in one task: both become idle, wake up, and one record is late. */
async function partitions(): Promise<Trace> {
  const picture = trace(USERS);
  const log = memory();
  const start = Date.UTC(2026, 0, 5, 12);
  const activity = log.source<Click>("clicks").pipe(
    eventTime(({ at }) => at),
    watermark({ maxOutOfOrderness: seconds(10), idleAfter: seconds(30) }),
    tumblingWindow(everyMinute),
    log.sink("activity", { key: ({ key }) => key }),
    picture.watch(),
  );
  await using test = await testPipeline(activity, { partitions: 2, tasks: "single", start });
  const push = (user: string, second: number, partition: number) =>
    test.push("clicks", { value: { user, at: start + seconds(second) }, partition });
  await push("ada", 5, 0);
  await push("bob", 20, 1);
  await push("ada", 75, 0);
  await push("ada", 50, 1);
  await push("ada", 95, 0);
  await test.advance(seconds(45));
  await push("bob", 110, 0);
  await push("bob", 80, 1);
  await push("ada", 135, 0);
  await push("cy", 140, 1);
  await push("bob", 30, 0);
  await test.end();
  return picture;
}

/** One window that fires, and the record that comes after it. */
const ONE_WINDOW = [5, 50, 40, 62, 71, 35, 95, 130].map((second) => click("ada", second));

/** A picture with its title. */
export interface Picture {
  readonly title: string;
  readonly make: () => Trace | Promise<Trace>;
}

/** The pictures by the names of their files. */
export const PICTURES: Readonly<Record<string, Picture>> = {
  "in-order": {
    title: "In order: nothing has to wait",
    make: () => over(IN_ORDER, tumblingWindow(everyMinute), { ...USERS, bound: 0 }),
  },
  "out-of-order": {
    title: "Out of order, by up to 30 seconds",
    make: () => over(OUT_OF_ORDER, tumblingWindow(everyMinute), USERS),
  },
  "allowed-lateness": {
    title: "A late record brings a late pane",
    make: () => over(OUT_OF_ORDER, tumblingWindow({ ...everyMinute, allowedLateness: minutes(1) }), USERS),
  },
  sliding: {
    title: "Windows of a minute, every 30 seconds",
    make: () => over(OUT_OF_ORDER, slidingWindow({ ...everyMinute, slide: seconds(30) })),
  },
  sessions: {
    title: "Sessions end after 40 quiet seconds",
    make: () => over(OUT_OF_ORDER, sessionWindow({ ...everyMinute, name: "visits", gap: seconds(40) }), USERS),
  },
  partitions: { title: "Two partitions, both idle for a while", make: partitions },
  window: {
    title: "A window of one minute",
    make: () => over(ONE_WINDOW, tumblingWindow(everyMinute), { bound: 10 }),
  },
  watermark: {
    title: "Event time and its watermark",
    make: () =>
      trace(from(OUT_OF_ORDER).pipe(eventTime(({ at }) => at), watermark({ maxOutOfOrderness: seconds(30) })), USERS),
  },
};

if (import.meta.main) {
  for (const [name, { title, make }] of Object.entries(PICTURES)) {
    const picture = await make();
    await Deno.writeTextFile(`docs/pictures/${name}.svg`, picture.svg({ title }));
    console.log(`${name}\n${picture.marbles()}\n`);
  }
}
