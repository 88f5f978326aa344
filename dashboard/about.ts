/**
 * `GET /api/about`: what the page is the page of.
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import type { Asked } from "./asked.ts";

/** Names only, no figures and no values. */
export function about({ place: { job, values } }: Asked): Response {
  const { name, topology: { sources, sinks, states }, records: { letterTopics } } = job;
  const topics = (of: readonly { readonly topic: string }[]) => [...new Set(of.map(({ topic }) => topic))];
  return Response.json({
    ...{ job: name, version: VERSION, deno: Deno.version.deno, values },
    states: states.map(({ name }) => name),
    topics: { read: topics(sources), written: topics(sinks), deadLetters: letterTopics },
  });
}
