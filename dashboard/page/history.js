/**
 * What the page has seen of the job in the last minutes, and what follows from it: rates, trends, growth.
 *
 * All times are those of the server's clock in the snapshots. Counters are cumulative, so a gap costs nothing.
 *
 * @module
 */

/** @typedef {import("../../runtime/details.ts").JobDetails} JobDetails */

/** How far back the page remembers, in milliseconds, and in samples. */
export const SPAN = 300_000, SAMPLES = 310;
/** How many late records, firings and epochs are remembered. */
const LATE = 240, FIRINGS = 240, EPOCHS = 1_500;
/** Rates are made of so many milliseconds, and trends of so many. */
const RATE = 5_000, TREND = 60_000;
/** Between two samples that are further apart the page was not connected, or not seen. */
export const GAP = 4_000;

/**
 * @typedef {object} Sample
 * @property {number} at
 * @property {number} records
 * @property {number} results
 * @property {number} epochs
 * @property {number} late
 * @property {number | undefined} lag
 * @property {number | undefined} lagTime
 * @property {number | undefined} watermark the lowest of all
 * @property {ReadonlyMap<string, number | undefined>} watermarks
 * @property {number | undefined} latency
 * @property {number} perSecond
 * @property {ReadonlyMap<string, Mark>} marks
 * @property {ReadonlyMap<number, number>} tasks
 * @property {Readonly<Record<string, number>> | undefined} entered values that entered each part of the pipeline
 * @property {ReadonlyMap<string, { keys: number, bytes: number, records: number, results: number }>} stages
 */

/**
 * @typedef {object} Mark
 * @property {number} mark
 * @property {number | undefined} bound
 * @property {boolean} idle
 * @property {boolean} holds
 */

/** @typedef {{ at: number, eventTime: number, place: string, sentence: string }} Late */
/** @typedef {{ at: number, stage: string, time: number }} Firing */

/** The past of one job. */
export class History {
  /** @type {Sample[]} the newest last */
  samples = [];
  /** @type {Late[]} */
  late = [];
  /** @type {Firing[]} */
  firings = [];
  /** @type {JobDetails["recentEpochs"][number][]} the newest last */
  epochs = [];
  /** @type {{ at: number, records_in: readonly number[] }[]} the records of every task, where a snapshot has not all of them */
  counts = [];
  /** @type {Map<string, { start: number, size: number }>} a window of each stage that waits, as explanations tell it */
  windows = new Map();
  /** @type {Map<string, number | undefined>} when each stage fires next */
  #next = new Map();
  /** @type {Set<string>} */
  #known = new Set();

  /** @param {JobDetails} details */
  add(details) {
    const last = this.samples.at(-1);
    if (last !== undefined && details.at <= last.at) {
      if (details.at === last.at) return;
      // The clock went back, or this is another worker: what was seen does not go with it.
      this.samples = [];
    }
    this.samples.push(sampleOf(details));
    while (this.samples.length > SAMPLES || details.at - this.samples[0].at > SPAN + GAP) this.samples.shift();
    this.#late(details, last === undefined);
    this.#firings(details);
    this.committed([...details.recentEpochs].reverse());
  }

  /**
   * Takes commits, the oldest first. One that has become visible comes again.
   *
   * @param {readonly JobDetails["recentEpochs"][number][]} epochs
   */
  committed(epochs) {
    const [first] = epochs, last = this.epochs.at(-1);
    if (first === undefined) return;
    // Numbers begin at 1 with each start of a worker.
    if (last !== undefined && epochs[epochs.length - 1].commit < last.commit && first.at > last.at) this.epochs = [];
    const byCommit = new Map(this.epochs.map((one) => [one.commit, one]));
    for (const one of epochs) byCommit.set(one.commit, one);
    this.epochs = [...byCommit.values()].sort((a, b) => a.commit - b.commit).slice(-EPOCHS);
  }

  /** @param {{ at: number, records_in: readonly number[] }} rows */
  counted({ at, records_in }) {
    this.counts = [...this.counts.filter((one) => one.at < at && at - one.at <= TREND), { at, records_in }];
  }

  /** @param {readonly import("../../runtime/details.ts").Explanation[]} why */
  explained(why) {
    for (const { stage, window, operator } of why) {
      if (stage === undefined || window === undefined || operator !== "tumblingWindow") continue;
      this.windows.set(stage, { start: window.start, size: window.end - window.start });
    }
  }

  /**
   * When a late record came is not told, so it is where the page saw it first.
   *
   * @param {JobDetails} details
   * @param {boolean} first
   */
  #late({ at, lateRecords }, first) {
    const names = lateRecords.map(({ stage, topic, partition, offset }) => `${stage} ${topic}/${partition}@${offset}`);
    lateRecords.forEach(({ eventTime, topic, partition, sentence }, index) => {
      if (first || this.#known.has(names[index])) return;
      this.late.push({ at, eventTime, place: `${topic}/${partition}`, sentence });
    });
    this.#known = new Set(names);
    this.late = this.late.filter((one) => at - one.at <= SPAN).slice(-LATE);
  }

  /** @param {JobDetails} details */
  #firings({ at, stages }) {
    for (const { stage, next } of stages) {
      const before = this.#next.get(stage);
      if (before !== undefined && (next === undefined || next > before)) this.firings.push({ at, stage, time: before });
      this.#next.set(stage, next);
    }
    this.firings = this.firings.filter((one) => at - one.at <= SPAN).slice(-FIRINGS);
  }

  /**
   * A counter's increase in a second, over the last five seconds of snapshots; `undefined` before there are two.
   *
   * @param {(sample: Sample) => number | undefined} counter
   * @param {number} [span]
   * @returns {number | undefined}
   */
  rate(counter, span = RATE) {
    return this.#rateAt(this.samples.length - 1, counter, span);
  }

  /** Records in a second. */
  perSecond() {
    return this.rate(({ records }) => records);
  }

  /**
   * @param {number} index
   * @param {(sample: Sample) => number | undefined} counter
   * @param {number} span
   */
  #rateAt(index, counter, span) {
    const now = this.samples[index];
    if (now === undefined) return undefined;
    let first = index;
    while (first > 0 && now.at - this.samples[first - 1].at <= span + GAP / 8) first--;
    // One gap is better than no figure.
    if (first === index) first = Math.max(0, index - 1);
    const then = this.samples[first];
    const a = counter(then), b = counter(now);
    return a === undefined || b === undefined || now.at === then.at || b < a
      ? undefined
      : (b - a) / (now.at - then.at) * 1000;
  }

  /**
   * A rate at each moment, for a line.
   *
   * @param {(sample: Sample) => number | undefined} counter
   * @param {number} since
   * @returns {{ at: number, value: number | undefined }[]}
   */
  rates(counter, since) {
    return this.#line(since, (_sample, index) => this.#rateAt(index, counter, RATE));
  }

  /**
   * A figure at each moment, for a line.
   *
   * @param {(sample: Sample) => number | undefined} figure
   * @param {number} since
   * @returns {{ at: number, value: number | undefined }[]}
   */
  values(figure, since) {
    return this.#line(since, figure);
  }

  /**
   * @param {number} since
   * @param {(sample: Sample, index: number) => number | undefined} figure
   */
  #line(since, figure) {
    return this.samples.flatMap((sample, index) =>
      sample.at < since ? [] : [{ at: sample.at, value: figure(sample, index) }]
    );
  }

  /** The samples of the last so many milliseconds. @param {number} span */
  last(span) {
    const now = this.samples.at(-1)?.at ?? 0;
    return this.samples.filter(({ at }) => now - at <= span);
  }

  /**
   * Whether the lag grows: the least-squares slope of the last minute, in records a second.
   *
   * @param {number | undefined} perSecond
   * @returns {{ word: "growing" | "steady" | "shrinking", slope: number, left: number | undefined } | undefined}
   */
  trend(perSecond) {
    const points = this.last(TREND).filter(({ lag }) => lag !== undefined);
    if (points.length < 5) return undefined;
    const slope = slopeOf(points.map(({ at, lag }) => [at / 1000, /** @type {number} */ (lag)]));
    const lag = /** @type {number} */ (points.at(-1)?.lag);
    if (Math.abs(slope) <= Math.max(0.01 * (perSecond ?? 0), 0.5)) return { word: "steady", slope, left: undefined };
    if (slope > 0) return { word: "growing", slope, left: undefined };
    return { word: "shrinking", slope, left: lag / -slope * 1000 };
  }

  /** How fast event time goes: 1 is as fast as the wall clock. */
  speed() {
    const points = this.last(30_000).filter(({ watermark }) => watermark !== undefined);
    if (points.length < 3) return undefined;
    const a = points[0], b = points[points.length - 1];
    return (/** @type {number} */ (b.watermark) - /** @type {number} */ (a.watermark)) / (b.at - a.at);
  }
}

/**
 * The slope of points by least squares.
 *
 * @param {readonly (readonly [number, number])[]} points
 * @returns {number}
 */
export function slopeOf(points) {
  const n = points.length;
  const mx = points.reduce((sum, [x]) => sum + x, 0) / n, my = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let xy = 0, xx = 0;
  for (const [x, y] of points) [xy, xx] = [xy + (x - mx) * (y - my), xx + (x - mx) ** 2];
  return xx === 0 ? 0 : xy / xx;
}

/**
 * @param {JobDetails} details
 * @returns {Sample}
 */
function sampleOf({ at, records_in, records_per_second, outputs, epochs, late, lag, lagTime, ...rest }) {
  const { watermarks, partitions, tasks, stages, latency_ms, entered } = rest;
  const known = watermarks.flatMap(({ watermark }) => watermark ?? []);
  const bounds = new Map(watermarks.map(({ name, bound }) => [name, bound]));
  return {
    ...{ at, records: records_in, perSecond: records_per_second, epochs, late, lag, lagTime, entered },
    results: Object.values(outputs).reduce((sum, one) => sum + one, 0),
    watermarks: new Map(watermarks.map(({ name, watermark }) => [name, watermark])),
    watermark: known.length === 0 ? undefined : Math.min(...known),
    latency: latency_ms.p99,
    marks: new Map(
      partitions.flatMap(({ topic, partition, task, marks }) =>
        marks.flatMap(({ watermark, mark, idle, holds }) =>
          mark === undefined
            ? []
            : [[markKey({ topic, partition, task, watermark }), { mark, bound: bounds.get(watermark), idle, holds }]]
        )
      ),
    ),
    tasks: new Map(tasks.map((one) => [one.task, one.records_in])),
    stages: new Map(stages.map((one) => [one.stage, {
      ...{ keys: one.keys, bytes: one.state_bytes, records: one.records_in, results: one.records_out },
    }])),
  };
}

/**
 * The name of a mark: `user_events/2 user_events`.
 *
 * @param {{ topic: string, partition: number, task: number, watermark: string }} place
 */
export function markKey({ topic, partition, task, watermark }) {
  return `${topic}/${partition} ${watermark} ${task}`;
}
