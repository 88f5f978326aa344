/**
 * A report of the job as text, to paste into an issue.
 *
 * @module
 */
import { stamp } from "./format.js";

/** How many events a report has. */
const EVENTS = 50;

/**
 * The report. It has figures, names and sentences of the job, and no keys and no values.
 *
 * @param {{ about: any, details: any, topology: any, happened: readonly any[] | undefined, why: readonly any[] | undefined }} known
 * @returns {string}
 */
export function reportOf({ about, details, topology, happened = [], why = [] }) {
  // A late record's own words stay; what it carried is in none of them.
  const { job, state, at } = details;
  const events = happened.slice(0, EVENTS).map((one) =>
    // The reason of a dead letter may have pieces of its value in it.
    `${new Date(one.at).toISOString()} ${one.level}, ${one.kind}: ${
      one.kind === "dead letter" ? "its reason is in the letter" : one.text
    }`
  );
  return [
    `# Job ${job}, ${state}, ${stamp(at)}`,
    ...(details.failure === undefined ? [] : [`\nStopped by: ${details.failure}`]),
    ...(details.trouble === undefined ? [] : [`\nWaits: ${details.trouble}`]),
    ...(why.length === 0 ? [] : [`\n## What waits\n\n${why.map(({ sentence }) => `- ${sentence}`).join("\n")}`]),
    ...(events.length === 0 ? [] : [`\n## Events\n\n${events.join("\n")}`]),
    `\n## About\n\n${block(about)}`,
    `\n## Topology\n\n${block(topology)}`,
    `\n## Details, in milliseconds\n\n${block(withoutValues(details))}`,
    "",
  ].join("\n");
}

/**
 * The details without what may have keys or pieces of values in it.
 *
 * @param {Record<string, unknown>} details
 */
export function withoutValues({ hotKeys: _keys, deadLetters: _letters, ...rest }) {
  return rest;
}

/** @param {unknown} value */
function block(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 1) ?? "not known"}\n\`\`\``;
}
