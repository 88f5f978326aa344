/**
 * From what the page has seen to what the figure of event time against processing time draws.
 *
 * @module
 */
import { duration, time, timeTicks } from "./format.js";
import { GAP, SPAN } from "./history.js";

/** @typedef {import("../../runtime/details.ts").JobDetails} JobDetails */
/** @typedef {import("./history.js").History} History */
/** @typedef {{ at: number, mark: number | undefined }} Point */
/** @typedef {{ name: string, index: number, holds: boolean, idle: boolean, points: Point[] }} Stair */
/** @typedef {{ stage: string, start: number, end: number, from: number, to: number, fired: boolean }} Band */
/**
 * @typedef {object} Tide
 * @property {string} title
 * @property {string} sentence
 * @property {number} since
 * @property {number} now
 * @property {number} low
 * @property {number} high
 * @property {number | undefined} bound
 * @property {Point[]} watermark
 * @property {Point[]} newest
 * @property {Stair[]} stairs
 * @property {Band[]} bands
 * @property {readonly import("./history.js").Late[]} late
 * @property {{ time: number, word: string }[]} xTicks
 * @property {{ time: number, word: string }[]} yTicks
 * @property {{ name: string, time: number, kind: "now" | "newest" | "watermark" }[]} labels
 */

/** The least span of both axes, in milliseconds. */
const LEAST = 60_000;
/** More windows than this would be a pattern, not a picture. */
const BANDS = 24;

/**
 * The scene of one `watermark()`.
 *
 * @param {History} history
 * @param {JobDetails} details
 * @param {{ name: string, local: boolean, narrow: boolean }} options
 * @returns {Tide}
 */
export function tideScene(history, details, { name, local, narrow }) {
  const now = details.at;
  const first = history.samples[0]?.at ?? now;
  const since = Math.max(now - SPAN, Math.min(first, now - LEAST));
  const told = details.watermarks.find((one) => one.name === name);
  const samples = history.last(SPAN);
  const watermark = broken(samples.map(({ at, watermarks }) => ({ at, mark: watermarks.get(name) })));
  const stairs = stairsOf(samples, details, name);
  const bound = told?.bound;
  const newest = bound === undefined ? [] : newestOf(samples, name, bound);
  const range = rangeOf({ now, since, watermark, newest, stairs, late: history.late });
  const words = { now, local };
  const level = told?.watermark;
  const crest = newest.at(-1)?.mark;
  /** @type {Tide["labels"]} */
  const labels = [{ name: "now", time: now, kind: "now" }];
  if (crest !== undefined && now - crest > 2_000) labels.push({ name: "newest event", time: crest, kind: "newest" });
  if (level !== undefined) labels.push({ name: "watermark", time: level, kind: "watermark" });
  const tick = (/** @type {number} */ at) => ({ time: at, word: tickWord(at, words) });
  return {
    title: "Event time against the clock",
    sentence: sentenceOf(told, details),
    ...{ since, now, ...range, bound, watermark, newest, stairs, labels },
    bands: bandsOf(history, { watermark, newest, now, since, ...range }),
    late: history.late.filter(({ at }) => at >= since),
    xTicks: timeTicks(since, now, narrow ? 3 : 6).map(tick),
    yTicks: timeTicks(range.low, range.high, narrow ? 5 : 7).map(tick),
  };
}

/** @param {number} at @param {{ now: number, local: boolean }} words */
function tickWord(at, words) {
  const word = time(at, words).replace(/Z$/, "");
  return word.replace(/:00$/, "");
}

/**
 * Breaks a line where the page saw nothing.
 *
 * @param {Point[]} points
 * @returns {Point[]}
 */
function broken(points) {
  return points.flatMap((point, index) => {
    const gap = index > 0 && point.at - points[index - 1].at > GAP;
    return gap ? [{ at: points[index - 1].at + 1, mark: undefined }, point] : [point];
  });
}

/**
 * @param {readonly import("./history.js").Sample[]} samples
 * @param {JobDetails} details
 * @param {string} name
 * @returns {Stair[]}
 */
function stairsOf(samples, details, name) {
  const found = details.partitions.flatMap(({ topic, partition, task, marks }) =>
    marks.filter((mark) => mark.watermark === name).map((mark) => ({ topic, partition, task, mark }))
  );
  // The same partition is read by several tasks where a topic is broadcast.
  found.sort((a, b) => a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || a.task - b.task);
  if (found.length < 2) return [];
  const holder = holderOf(details, name);
  return found.map(({ topic, partition, task, mark }, index) => ({
    ...{ name: `${topic}/${partition}`, index, idle: mark.idle },
    holds: holder?.topic === topic && holder.partition === partition && holder.task === task,
    points: broken(samples.map(({ at, marks }) => {
      return { at, mark: marks.get(`${topic}/${partition} ${name} ${task}`)?.mark };
    })),
  }));
}

/**
 * The partition that holds the watermark of the job: the lowest of those that hold the watermark of their task. One
 * without a record is below all others.
 *
 * @param {Pick<JobDetails, "partitions">} details
 * @param {string} name
 */
export function holderOf({ partitions }, name) {
  let lowest = Infinity, holder;
  for (const one of partitions) {
    const mark = one.marks.find(({ watermark, holds }) => watermark === name && holds);
    if (mark === undefined || (mark.mark ?? -Infinity) >= lowest) continue;
    lowest = mark.mark ?? -Infinity;
    holder = one;
  }
  return holder;
}

/**
 * The newest event of all partitions.
 *
 * @param {readonly import("./history.js").Sample[]} samples
 * @param {string} name
 * @param {number} bound
 */
function newestOf(samples, name, bound) {
  return broken(samples.map(({ at, marks }) => {
    let highest = -Infinity;
    for (const [key, { mark }] of marks) if (key.includes(` ${name} `)) highest = Math.max(highest, mark);
    return { at, mark: highest === -Infinity ? undefined : highest + bound + 1 };
  }));
}

/**
 * From the lowest watermark to now. A record from the far future is drawn at the edge.
 *
 * @param {Pick<Tide, "now" | "since" | "watermark" | "newest" | "stairs" | "late">} tide
 */
function rangeOf({ now, since, watermark, newest, stairs, late }) {
  const marks = [...watermark, ...stairs.flatMap(({ points }) => points)].flatMap(({ mark }) => mark ?? []);
  const lowest = Math.min(since, ...marks);
  const depth = now - lowest;
  const deepest = Math.min(lowest, ...late.map(({ eventTime }) => Math.max(eventTime, lowest - depth * 0.6)));
  const crest = Math.max(
    now,
    ...newest.flatMap(({ mark }) => mark === undefined ? [] : Math.min(mark, now + depth * 0.3)),
  );
  const pad = Math.max(LEAST / 12, (crest - deepest) * 0.05);
  return { low: deepest - pad, high: crest + pad };
}

/**
 * The lives of tumbling windows: from the first event at or after their start until the watermark reaches their end.
 *
 * @param {History} history
 * @param {Pick<Tide, "watermark" | "newest" | "now" | "since" | "low" | "high">} tide
 * @returns {Band[]}
 */
function bandsOf({ windows }, { watermark, newest, now, since, low, high }) {
  const [entry] = windows;
  if (entry === undefined || newest.length === 0) return [];
  const [stage, { start, size }] = entry;
  if ((high - low) / size > BANDS) return [];
  /** @type {Band[]} */
  const bands = [];
  for (let at = start - Math.ceil((start - low) / size) * size; at < high; at += size) {
    const end = at + size;
    const born = newest.find(({ mark }) => mark !== undefined && mark >= at)?.at;
    const dead = watermark.find(({ mark }) => mark !== undefined && mark >= end - 1)?.at;
    // What was over before the page looked has no life in the picture.
    if (born === undefined || dead === watermark[0]?.at) continue;
    bands.push({ stage, start: at, end, from: Math.max(since, born), to: dead ?? now, fired: dead !== undefined });
  }
  return bands;
}

/**
 * The figure in a sentence.
 *
 * @param {JobDetails["watermarks"][number] | undefined} told
 * @param {JobDetails} details
 */
function sentenceOf(told, { partitions }) {
  if (told?.watermark === undefined) {
    return "There is no watermark yet: it needs an event of each partition that is not idle.";
  }
  const { lag = 0, bound, without, tasks, name } = told;
  const rest = bound === undefined ? undefined : Math.max(0, lag - bound);
  const parts = rest === undefined
    ? `${duration(lag)} behind the clock`
    : `${duration(lag)} behind the clock: ${duration(bound)} by design, ${duration(rest)} besides`;
  const holder = holderOf({ partitions }, name);
  const held = holder === undefined || partitions.length < 2 ? "" : ` ${holder.topic}/${holder.partition} holds it.`;
  const missing = without === 0 ? "" : ` ${without} of ${tasks} tasks ${without === 1 ? "has" : "have"} none yet.`;
  return `The watermark is ${parts}.${held}${missing}`;
}
