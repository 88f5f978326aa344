/**
 * The routes of the page.
 *
 * @module
 */
import { about, aboutOf } from "./about.ts";
import { deadLetters, inspect, lookUp, replay, stop } from "./acts.ts";
import { type Asked, Refused, type Route } from "./asked.ts";
import { type Health, livez, readyz } from "./health.ts";
import { layoutOf } from "./layout.ts";
import { MOST_READERS } from "./limits.ts";
import { reportOf } from "./page/report.js";
import { METRICS_TYPE, metricsText } from "./prometheus.ts";
import { openSession } from "./session.ts";
import type { Measurements } from "../runtime/measurements.ts";

/** All routes, besides the files of the page. */
export const ROUTES: readonly Route[] = [
  { method: "POST", path: "/session", open: true, answer: openSession },
  { method: "GET", path: "/api/details", answer: async ({ place }) => Response.json(await place.job.details()) },
  { method: "GET", path: "/api/rows", answer: rows },
  { method: "GET", path: "/api/events", answer: events },
  {
    method: "GET",
    path: "/api/happened",
    answer: ({ place: { job }, search }) => newer(search, (n) => job.events.list(n)),
  },
  { method: "GET", path: "/api/epochs", answer: ({ place: { job }, search }) => newer(search, (n) => job.epochs(n)) },
  { method: "GET", path: "/api/topology", answer: topology },
  { method: "GET", path: "/api/why", answer: why },
  { method: "GET", path: "/api/about", answer: about },
  { method: "GET", path: "/api/state/", answer: lookUp },
  { method: "GET", path: "/api/record", answer: inspect },
  { method: "GET", path: "/api/dead-letters", answer: deadLetters },
  { method: "POST", path: "/api/replay", answer: replay },
  { method: "GET", path: "/api/report", answer: report },
  { method: "POST", path: "/api/stop", answer: stop },
  { method: "GET", path: "/metrics", answer: metrics },
  { method: "GET", path: "/livez", open: true, answer: health(livez) },
  { method: "GET", path: "/healthz", open: true, answer: health(livez) },
  { method: "GET", path: "/readyz", open: true, answer: health(readyz) },
];

function events({ place: { stream } }: Asked): Response {
  const body = stream.open();
  if (body === undefined) {
    throw new Refused(503, `This page has ${MOST_READERS} readers, which is the most: close one of them`);
  }
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** The newest of a list, the oldest first; with `after` those with a higher number. */
function newer(search: URLSearchParams, list: (after: number) => readonly unknown[]): Response {
  const after = Number(search.get("after") ?? 0);
  if (Number.isInteger(after)) return Response.json(list(after));
  throw new Refused(400, `after must be an integer, current value is ${search.get("after")}`);
}

/** What the page copies as a report: names, figures and sentences, no keys and no values. */
async function report({ place }: Asked): Promise<Response> {
  const { job } = place;
  const [details, why] = await Promise.all([job.details(), job.explain()]);
  const happened = [...job.events.list()].reverse();
  const text = reportOf({ about: aboutOf(place), details, topology: job.topology, happened, why });
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

async function topology({ place: { job } }: Asked): Promise<Response> {
  return Response.json({ job: job.name, ...job.topology, layout: await layoutOf(job.topology) });
}

async function rows({ place: { job }, search }: Asked): Promise<Response> {
  try {
    return Response.json(await job.rows(Number(search.get("from") ?? 0)));
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(400, error.message);
    throw error;
  }
}

async function why({ place: { job }, search }: Asked): Promise<Response> {
  try {
    return Response.json(await job.explain(search.get("stage") ?? undefined));
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(404, error.message);
    throw error;
  }
}

function metrics({ place: { job } }: Asked): Response {
  return new Response(metricsText(job.metrics.measure()), { headers: { "content-type": METRICS_TYPE } });
}

function health(asked: (measurements: Measurements) => Health): Route["answer"] {
  return ({ place: { job } }) => {
    const { status, body } = asked(job.metrics.measure());
    return Response.json(body, { status });
  };
}
