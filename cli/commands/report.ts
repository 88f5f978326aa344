/**
 * `report JOB`: everything to paste into an issue, without keys and values.
 *
 * @module
 */
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
    const page = await place.page(job!);
    const { details, explanations, from } = await lookAt(context, job!);
    // The worker's own report has its events too.
    if (page !== undefined && from === "page" && !printer.json) {
      return context.world.out(`${(await page.report()).trimEnd()}\n`);
    }
    const stored = place.pageOnly ? undefined : await place.job(job!);
    const { version: { deno, v8 }, build: { os, arch } } = Deno;
    const versions = { tidemark: VERSION, deno: deno, v8, os, arch };
    printer.document({ versions, from, stored, details, explanations }, () =>
      [
        `# Job ${job}: ${details.state}`,
        Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
        `Made ${new Date(details.at).toISOString()} from the ${from}.`,
        "## Why",
        explanations.map(({ sentence }) => `- ${sentence}`).join("\n") || "Nothing waits.",
        "## Stored",
        fenced(stored),
        "## Details",
        fenced(details),
      ].join("\n\n"));
  },
};

function fenced(document: unknown): string {
  return "```json\n" + jsonText(document, 2) + "\n```";
}
