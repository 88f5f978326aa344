/**
 * Requests to a schema registry. What may pass is told from what will not: the first is an `UnavailableError`, which a
 * job waits out.
 *
 * @module
 */
import { systemClock } from "../base/clock.ts";
import { messageOf } from "../base/thrown.ts";
import { UnavailableError } from "../state/errors.ts";

const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
const JSON_TYPE = `${MEDIA_TYPE}, application/json`;
/** Answers that may be others at the next try: timeouts, too many requests. All from 500 on are, too. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
/** How many characters of an answer a message shows. */
const SHOWN = 200;

/** A request. */
export interface RegistryRequest {
  /** What it is for: it completes "Cannot". */
  readonly wanted: string;
  /** Path and query, which begin below the registry's own path. */
  readonly path: string;
  /** What is sent as JSON. Without it the request is a GET. */
  readonly body?: unknown;
}

/** Where requests go. */
export interface RegistryPlace {
  readonly url: URL;
  /** The `authorization` header. */
  readonly authorization: string | undefined;
  /** How long a request may take, in milliseconds. */
  readonly timeout: number;
}

/** An answer that refuses the request for good. */
export class RegistryRefusal extends Error {
  /** The status of HTTP. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/**
 * Sends a request, and returns the JSON of the answer.
 *
 * @throws {UnavailableError} when the registry does not answer, or not now
 * @throws {RegistryRefusal} when it refuses
 */
export async function ask(place: RegistryPlace, request: RegistryRequest): Promise<Record<string, unknown>> {
  const { wanted } = request;
  const { href } = place.url;
  let answer: Response, text: string;
  const abort = new AbortController();
  const cancel = systemClock.after(place.timeout, () => abort.abort(new Error(`no answer in ${place.timeout} ms`)));
  try {
    answer = await fetch(urlOf(place.url, request.path), { ...init(place, request), signal: abort.signal });
    text = await answer.text();
  } catch (error) {
    const reason = messageOf(abort.signal.aborted ? abort.signal.reason : error);
    throw new UnavailableError(`Cannot ${wanted}: the schema registry at ${href} does not answer (${reason})`, {
      cause: error,
    });
  } finally {
    cancel();
  }
  const { status } = answer;
  if (status >= 500 || PASSING.has(status)) {
    throw new UnavailableError(`Cannot ${wanted}: the schema registry at ${href} answers ${status} (${saidIn(text)})`);
  }
  if (status === 401 || status === 403) {
    throw new RegistryRefusal(
      `Cannot ${wanted}: the schema registry at ${href} refuses the login (${status}); check registry({ auth })`,
      status,
    );
  }
  if (!answer.ok) {
    throw new RegistryRefusal(
      `Cannot ${wanted}: the schema registry at ${href} answers ${status} (${saidIn(text)})`,
      status,
    );
  }
  const json = parsed(text);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new RegistryRefusal(
    `Cannot ${wanted}: the schema registry at ${href} answers with no JSON object (${saidIn(text)})`,
    status,
  );
}

function urlOf(base: URL, path: string): URL {
  const url = new URL(base);
  const [pathname, search = ""] = path.split("?");
  url.pathname = `${base.pathname.replace(/\/$/, "")}/${pathname}`;
  url.search = search;
  return url;
}

function init({ authorization }: RegistryPlace, { body }: RegistryRequest): RequestInit {
  const headers: Record<string, string> = { accept: JSON_TYPE };
  if (authorization !== undefined) headers.authorization = authorization;
  if (body === undefined) return { headers };
  return { method: "POST", headers: { ...headers, "content-type": MEDIA_TYPE }, body: JSON.stringify(body) };
}

/** The message of a refusal: the registry's own, or the beginning of whatever else came. */
function saidIn(text: string): string {
  const json = parsed(text);
  const message = typeof json === "object" && json !== null ? (json as { message?: unknown }).message : undefined;
  const said = typeof message === "string" ? message : text;
  return said.replace(/\s+/g, " ").trim().slice(0, SHOWN) || "it says no more";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
