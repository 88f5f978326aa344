/**
 * The routes of the page.
 *
 * @module
 */
import { type Asked, Refused, type Route } from "./asked.ts";
import { MOST_READERS } from "./limits.ts";
import { layoutOf } from "./layout.ts";
import { openSession } from "./session.ts";

/** All routes, besides the files of the page. */
export const ROUTES: readonly Route[] = [
  { method: "POST", path: "/session", open: true, answer: openSession },
  { method: "GET", path: "/api/details", answer: async ({ place }) => Response.json(await place.job.details()) },
  { method: "GET", path: "/api/events", answer: events },
  { method: "GET", path: "/api/topology", answer: topology },
  { method: "GET", path: "/api/why", answer: why },
];

function events({ place: { stream } }: Asked): Response {
  const body = stream.open();
  if (body === undefined) {
    throw new Refused(503, `This page has ${MOST_READERS} readers, which is the most: close one of them`);
  }
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function topology({ place: { job } }: Asked): Promise<Response> {
  return Response.json({ job: job.name, ...job.topology, layout: await layoutOf(job.topology) });
}

async function why({ place: { job }, search }: Asked): Promise<Response> {
  try {
    return Response.json(await job.explain(search.get("stage") ?? undefined));
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(404, error.message);
    throw error;
  }
}
