/**
 * `report JOB`: everything to paste into an issue, without keys and values.
 *
 * @module
 */
import type { JobDetails } from "../../runtime/details.ts";
import type { CommandSpec } from "../command.ts";
import { lookAt } from "../look.ts";
import { jsonText } from "../text.ts";
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
    const { details, explanations, from } = await lookAt(context, job!);
    const stored = place.pageOnly ? undefined : await place.job(job!);
    const { version: { deno, v8 }, build: { os, arch } } = Deno;
    const versions = { tidemark: VERSION, deno: deno, v8, os, arch };
    const shown = withoutValues(details);
    printer.document({ versions, from, stored, details: shown, explanations }, () =>
      [
        `# Job ${job}: ${details.state}`,
        Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
        `Made ${new Date(details.at).toISOString()} from the ${from}.`,
        "## Why",
        explanations.map(({ sentence }) => `- ${sentence}`).join("\n") || "Nothing waits.",
        ...stored === undefined ? [] : ["## Stored", fenced(stored)],
        "## Details",
        fenced(shown),
      ].join("\n\n"));
  },
};

/** Parts of the details that may have keys or pieces of values in them. */
const HIDDEN: ReadonlySet<string> = new Set(["hotKeys", "deadLetters"]);

function withoutValues(details: JobDetails): unknown {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !HIDDEN.has(name)));
}

function fenced(document: unknown): string {
  return "```json\n" + jsonText(document, 2) + "\n```";
}
