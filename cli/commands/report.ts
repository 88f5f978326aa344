/**
 * `report JOB`: everything to paste into an issue, without keys and values.
 *
 * @module
 */
import type { JobDetails } from "../../runtime/details.ts";
import { answersOf } from "../answers.ts";
import type { CommandSpec } from "../command.ts";
import { lookAt } from "../look.ts";
import { clean, iso, jsonText } from "../text.ts";
import { VERSION } from "../../base/version.ts";

/** `report` */
export const report: CommandSpec = {
  name: "report",
  summary: "print a report to paste into an issue: versions, tasks, epochs, why; no keys, no values",
  words: [{ word: "<job>", means: "the job" }],
  example: "report recommendations > report.md",
  needs: ["state", "page"],
  async run(context, [job]) {
    const { printer, place } = context;
    const { details, explanations, from, page } = await lookAt(context, job!);
    const events = (await page?.happened() ?? []).map(({ at, level, kind, text }) => {
      return { at: iso(at), level, kind, text: HIDDEN_EVENTS.has(kind) ? "its reason is in the letter" : text };
    });
    const sentences = answersOf(details);
    const stored = place.pageOnly ? undefined : await place.job(job!);
    const { version: { deno, v8 }, build: { os, arch } } = Deno;
    const versions = { tidemark: VERSION, deno: deno, v8, os, arch };
    const shown = withoutValues(details);
    printer.document({ versions, from, stored, details: shown, sentences, explanations, events }, () =>
      [
        `# Job ${job}: ${details.state}`,
        Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
        `Made ${new Date(details.at).toISOString()} from the ${from}.`,
        "## In sentences",
        list(sentences),
        "## Why",
        list(explanations.map(({ sentence }) => sentence)) || "Nothing waits.",
        ...events.length === 0
          ? []
          : ["## Events", list(events.map(({ at, level, kind, text }) => `${at} ${level}, ${kind}: ${text}`))],
        ...stored === undefined ? [] : ["## Stored", fenced(stored)],
        "## Details",
        fenced(shown),
      ].join("\n\n"));
  },
};

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${clean(sentence)}`).join("\n");
}

/** Events that may have pieces of values in their words. */
const HIDDEN_EVENTS: ReadonlySet<string> = new Set(["dead letter"]);

/** Parts of the details that may have keys or pieces of values in them. */
const HIDDEN: ReadonlySet<string> = new Set(["hotKeys", "deadLetters"]);

function withoutValues(details: JobDetails): unknown {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !HIDDEN.has(name)));
}

function fenced(document: unknown): string {
  return "```json\n" + jsonText(document, 2) + "\n```";
}
