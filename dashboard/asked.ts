/**
 * A request as a route sees it, and what a route is.
 *
 * @module
 */
import type { Job } from "../runtime/job.ts";
import { MOST_BODY_BYTES } from "./limits.ts";
import type { DetailsStream } from "./stream.ts";

/** What the routes of one page share. */
export interface Place {
  /** The job that is shown. */
  readonly job: Job;
  /** The streams of all readers. */
  readonly stream: DetailsStream;
  /** Whether values of records and states may be seen. */
  readonly values: "show" | "hide";
  /** What is shown of a value. */
  readonly redact: (value: unknown, topic: string) => unknown;
  /** The token that a request needs; `undefined` when it needs none. */
  readonly token: string | undefined;
}

/** A request that was let in. */
export interface Asked {
  readonly request: Request;
  /** What follows the path of a route that ends with `/`, decoded. */
  readonly rest: string;
  readonly search: URLSearchParams;
  readonly place: Place;
  /** The port of the server. */
  readonly port: number;
}

/** One route. */
export interface Route {
  readonly method: "GET" | "POST";
  /** The path. One that ends with `/` is that of everything below it. */
  readonly path: string;
  /** Whether it needs no token. @default false */
  readonly open?: boolean;
  readonly answer: (asked: Asked) => Response | Promise<Response>;
}

/** A request that is refused, with the reason as a sentence. */
export class Refused extends Error {
  /** @param status the status of the answer */
  constructor(readonly status: number, sentence: string) {
    super(sentence);
  }
}

/** The body of a request, which is a JSON object. */
export async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const length = Number(request.headers.get("content-length") ?? NaN);
  if (!(length <= MOST_BODY_BYTES)) {
    throw new Refused(
      413,
      `A request may have ${MOST_BODY_BYTES} bytes, and must say how many it has in content-length`,
    );
  }
  const body: unknown = await request.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new Refused(400, "The body of the request must be a JSON object");
}
