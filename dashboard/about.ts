/**
 * `GET /api/about`: what the page is the page of.
 *
 * @module
 */
import { VERSION } from "../base/version.ts";
import type { Asked, Place } from "./asked.ts";

/** `GET /api/about`. */
export function about({ place }: Asked): Response {
  return Response.json(aboutOf(place));
}

/** Names only, no figures and no values. */
export function aboutOf({ job, values }: Place): Record<string, unknown> {
  const { name, topology: { sources, sinks, states }, records: { letterTopics } } = job;
  const topics = (of: readonly { readonly topic: string }[]) => [...new Set(of.map(({ topic }) => topic))];
  return {
    ...{ job: name, version: VERSION, deno: Deno.version.deno, values },
    states: states.map(({ name, version }) => ({ name, version })),
    topics: { read: topics(sources), written: topics(sinks), deadLetters: letterTopics },
  };
}
