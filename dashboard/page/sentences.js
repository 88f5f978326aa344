/**
 * How the job is, in sentences: the headline, and what needs attention.
 *
 * @module
 */
import { count, counted, duration, percent, size } from "./format.js";

/** @typedef {import("../../runtime/details.ts").JobDetails} JobDetails */
/** @typedef {import("../../runtime/details.ts").Explanation} Explanation */
/** @typedef {import("./history.js").History} History */
/** @typedef {{ weight: number, kind: "bad" | "warn" | "note", what: string, cure?: string, word?: string, link?: string, place?: string }} Attention */

/** Reasons that are no trouble: the result comes by itself. */
const BY_ITSELF = ["not its time", "behind", "soon idle"];

/**
 * The headline: the sentence of the job, and what the page has seen since it was opened.
 *
 * @param {JobDetails} details
 * @param {History} history
 * @returns {string}
 */
export function headline({ sentences: { pace }, state, lag = 0 }, history) {
  if (state !== "catching up") return pace;
  const perSecond = history.perSecond();
  const trend = history.trend(perSecond);
  if (trend?.word === "growing") {
    return `${pace} It falls behind: each second ${count(Math.max(1, trend.slope))} more come than it reads.`;
  }
  return trend?.left === undefined || lag === 0 ? pace : `${pace} It is there in ${duration(trend.left)}.`;
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
function ofTheJob({ failure, trouble, state, lag, sentences, waiting }, history) {
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
    found.push({
      ...{ weight: 70, kind: "warn", word: "Grows", link: "#/epochs", place: "Epochs" },
      what: `The lag grows by ${count(Math.max(1, trend.slope))} records a second.`,
      cure: limitOf({ sentences }) === undefined ? undefined : sentences.limit,
    });
  }
  if (waiting.epochs > 50) {
    found.push({
      ...{ weight: 60, kind: "warn", word: "Waits", link: "#/epochs", place: "Epochs" },
      what: `${counted(waiting.epochs, "committed epoch")} (${size(waiting.bytes)}) are not visible yet.`,
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
function ofRecords({ late, dead_letters, deadLetters: [newest], unpublishable, missing, stages, records_in }) {
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
      what: `${counted(dead_letters, "record")} went to a dead-letter topic.${
        newest === undefined ? "" : ` The newest: ${newest.sentence}.`
      }`,
      cure: "Correct what writes them or what refuses them, then send them again.",
    });
  }
  if (late > 0) {
    const kept = stages.flatMap(({ keptBy }) => keptBy ?? []);
    const most = kept.sort((a, b) => b.most - a.most)[0];
    found.push({
      ...{ weight: 30, kind: "note", ...link },
      what: `${counted(late, "record")} came too late (${percent(late / (records_in || 1))} of all).`,
      cure: most?.sentence,
    });
  }
  return found;
}

/**
 * What limits the job, as its sentence names it: `publishing (61 %)`.
 *
 * @param {Pick<JobDetails, "sentences">} details
 * @returns {string | undefined}
 */
export function limitOf({ sentences: { limit = "" } }) {
  return /limited by (.*)\.$/.exec(limit)?.[1];
}
