/**
 * How the job is, in sentences: the headline, and what needs attention.
 *
 * @module
 */
import { count, counted, duration, percent, rate, size } from "./format.js";

/** @typedef {import("../../runtime/details.ts").JobDetails} JobDetails */
/** @typedef {import("../../runtime/details.ts").Explanation} Explanation */
/** @typedef {import("./history.js").History} History */
/** @typedef {{ weight: number, kind: "bad" | "warn" | "note", what: string, cure?: string, word?: string, link?: string, place?: string }} Attention */

/** Reasons that are no trouble: the result comes by itself. */
const BY_ITSELF = ["not its time", "behind", "soon idle"];
/** An activity as what limits the job. */
export const LIMITS = /** @type {const} */ ({
  push: "its own code",
  commit: "the commit",
  publish: "publishing",
  input: "nothing: it waits for input",
  other: "other work of the process",
});

/**
 * The headline.
 *
 * @param {JobDetails} details
 * @param {History} history
 * @returns {string}
 */
export function headline(details, history) {
  const { state, failure, trouble, waiting } = details;
  if (failure !== undefined) return "It has stopped, because of an error.";
  if (state === "stopped") {
    return waiting.epochs === 0
      ? "Stopped. Everything is committed and visible; nothing waits."
      : `Stopped. ${counted(waiting.epochs, "epoch")} will be published at the next start.`;
  }
  if (state === "finished") {
    return `Finished: ${counted(details.records_in, "record")} in, ${counted(resultsOf(details), "result")} out.`;
  }
  if (trouble !== undefined) return "It waits, and goes on by itself when it can.";
  const perSecond = history.perSecond() ?? details.records_per_second;
  return state === "catching up" ? catchingUp(details, history, perSecond) : keepingUp(details, perSecond);
}

/** @param {JobDetails} details @param {History} history @param {number} perSecond */
function catchingUp({ lag = 0, lagTime }, history, perSecond) {
  const behind = lagTime === undefined ? counted(lag, "record") : `${counted(lag, "record")}, or ${duration(lagTime)},`;
  const trend = history.trend(perSecond);
  if (trend?.word === "growing") {
    return `Falling behind: ${behind} wait, and each second ${count(Math.max(1, trend.slope))} more.`;
  }
  const left = trend?.left !== undefined ? trend.left : perSecond > 0 ? lag / perSecond * 1000 : undefined;
  const until = left === undefined ? "" : ` At ${rate(perSecond)} a second it is there in ${duration(left)}.`;
  return `Catching up: ${behind} behind.${until}`;
}

/** @param {JobDetails} details @param {number} perSecond */
function keepingUp({ latency_ms, lag, records_in, partitions }, perSecond) {
  if (perSecond > 0) {
    const visible = latency_ms.max > 0 ? ` Half of the results are visible within ${duration(latency_ms.p50)}.` : "";
    return `Keeping up with ${rate(perSecond)} records a second.${visible}`;
  }
  if (records_in === 0) return lag === undefined ? "It has just begun to read." : "It waits for its first record.";
  const quiet = Math.min(...partitions.map(({ quietFor = Infinity }) => quietFor));
  return Number.isFinite(quiet)
    ? `All is read. There has been nothing new for ${duration(quiet)}.`
    : "All is read, and nothing new comes.";
}

/**
 * All results.
 *
 * @param {JobDetails} details
 */
export function resultsOf({ outputs }) {
  return Object.values(outputs).reduce((sum, one) => sum + one, 0);
}

/**
 * What needs attention, the worst first.
 *
 * @param {JobDetails} details
 * @param {History} history
 * @param {readonly Explanation[] | undefined} why
 * @returns {Attention[]}
 */
export function attention(details, history, why) {
  const all = [
    ...ofTheJob(details, history),
    ...ofResults(why ?? [], details),
    ...ofRecords(details),
  ];
  return all.sort((a, b) => b.weight - a.weight);
}

/** @param {JobDetails} details @param {History} history @returns {Attention[]} */
function ofTheJob({ failure, trouble, state, time, lag, ...details }, history) {
  /** @type {Attention[]} */
  const found = [];
  if (failure !== undefined) {
    found.push({
      weight: 100,
      kind: "bad",
      what: failure,
      cure: "Start it again when that is corrected: it goes on where it was.",
    });
  }
  if (trouble !== undefined && failure === undefined) {
    found.push({ weight: 95, kind: "bad", what: capital(trouble), word: "Waits" });
  }
  if (state !== "running" && state !== "catching up") return found;
  const perSecond = history.perSecond();
  const trend = history.trend(perSecond);
  if (trend?.word === "growing" && (lag ?? 0) > (perSecond ?? 0)) {
    const limit = limitOf(time);
    found.push({
      ...{ weight: 70, kind: "warn", word: "Grows", link: "#/epochs", place: "Epochs" },
      what: `The lag grows by ${count(Math.max(1, trend.slope))} records a second.`,
      cure: limit === undefined ? undefined : `The job is limited by ${limit}.`,
    });
  }
  if (details.waiting.epochs > 50) {
    found.push({
      ...{ weight: 60, kind: "warn", word: "Waits", link: "#/epochs", place: "Epochs" },
      what: `${counted(details.waiting.epochs, "committed epoch")} (${
        size(details.waiting.bytes)
      }) are not visible yet.`,
    });
  }
  return found;
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {readonly Explanation[]} why @param {JobDetails} details @returns {Attention[]} */
function ofResults(why, { failure }) {
  if (failure !== undefined) return [];
  /** @type {Map<string, { one: Explanation, more: number }>} */
  const byReason = new Map();
  for (const one of why) {
    if (BY_ITSELF.includes(one.reason === "other side" ? one.sideReason ?? "" : one.reason)) continue;
    const id = `${one.reason} ${one.holder?.topic ?? ""} ${one.cure ?? ""}`;
    const known = byReason.get(id);
    if (known === undefined) byReason.set(id, { one, more: 0 });
    else known.more++;
  }
  return [...byReason.values()].map(({ one, more }, index) => ({
    ...{ weight: 80 - index / 100, kind: "warn", link: "#/time", place: "Time", cure: one.cure },
    what: `${one.sentence.replace(/\.$/, "")}.${
      more > 0 ? ` The same holds ${counted(more, "other result")} back.` : ""
    }`,
  }));
}

/** @param {JobDetails} details @returns {Attention[]} */
function ofRecords({ late, dead_letters, unpublishable, missing, stages, records_in }) {
  /** @type {Attention[]} */
  const found = [];
  const link = { link: "#/records", place: "Records" };
  if (unpublishable > 0) {
    found.push({
      weight: 65,
      kind: "bad",
      what: `The broker refused ${counted(unpublishable, "result")} for good.`,
      ...link,
    });
  }
  if (missing > 0) {
    found.push({
      ...{ weight: 64, kind: "bad", ...link },
      what: `${counted(missing, "record")} ${missing === 1 ? "was" : "were"} gone before the job could read ${
        missing === 1 ? "it" : "them"
      }.`,
      cure: "Let the topic keep its records for longer, or start more workers.",
    });
  }
  if (dead_letters > 0) {
    found.push({
      ...{ weight: 50, kind: "warn", word: "Refused", ...link },
      what: `${counted(dead_letters, "record")} went to a dead-letter topic.`,
    });
  }
  if (late > 0) {
    const kept = stages.flatMap(({ keptBy }) => keptBy ?? []);
    const most = kept.length === 0 ? undefined : Math.max(...kept.map(({ most }) => most));
    found.push({
      ...{ weight: 30, kind: "note", ...link },
      what: `${counted(late, "record")} came too late (${shareOf(late, records_in)} of all).`,
      cure: most === undefined ? undefined : `A bound of ${duration(most)} would have kept 99.9 % of all records.`,
    });
  }
  return found;
}

/** @param {number} part @param {number} all */
function shareOf(part, all) {
  const share = all === 0 ? 0 : part / all;
  return share >= 0.01 ? percent(share) : `${(share * 100).toPrecision(2)} %`;
}

/**
 * What limits the job, in words: `publishing (61 %)`.
 *
 * @param {JobDetails["time"]} time
 * @returns {string | undefined}
 */
export function limitOf(time) {
  if (time === undefined) return undefined;
  const [most] = /** @type {(keyof typeof LIMITS)[]} */ (Object.keys(LIMITS)).sort((a, b) => time[b] - time[a]);
  return most === "input" ? undefined : `${LIMITS[most]} (${percent(time[most] / 100)})`;
}
