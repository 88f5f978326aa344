/**
 * `GET /api/report`: what the job does as text, to paste into an issue. It has figures, names and sentences of the job, and
 * no keys and no values of states and records.
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import type { Asked } from "./asked.ts";
import { REPORT_EVENTS } from "./limits.ts";

/** The report of this worker. */
export async function report({ place: { job } }: Asked): Promise<Response> {
  const details = await job.details();
  const why = await job.explain();
  const events = job.events.list().slice(-REPORT_EVENTS);
  const { version: { deno, v8 }, build: { os, arch } } = Deno;
  const versions = { tidemark: VERSION, deno, v8, os, arch };
  const parts = [
    `# Job ${job.name}: ${details.state}`,
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
    `Made ${iso(details.at)} by ${
      details.worker === undefined ? "a worker without a name" : `worker ${details.worker}`
    }.`,
    "## Why",
    why.map(({ sentence }) => `- ${sentence}`).join("\n") || "Nothing waits.",
    "## Events",
    events.map(({ at, level, kind, text }) => `- ${iso(at)} ${level}, ${kind}: ${text}`).join("\n") ||
    "There are none.",
    "## Topology",
    fenced(job.topology),
    "## Details",
    fenced(details),
  ];
  return new Response(`${parts.join("\n\n")}\n`, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function fenced(document: unknown): string {
  return "```json\n" + JSON.stringify(document, null, 2) + "\n```";
}
