/**
 * `dashboard()`: opens the live page of a job.
 *
 * @module
 */
import { systemClock } from "../base/clock.ts";
import type { Job } from "../runtime/job.ts";
import type { Place } from "./asked.ts";
import { inUrl, isLoopback } from "./guard.ts";
import { PORT, PORTS, TOKEN_LENGTH } from "./limits.ts";
import { type Listening, serve } from "./server.ts";
import { DetailsStream } from "./stream.ts";

/** Options of {@linkcode dashboard}. */
export interface DashboardOptions {
  /** The port; 0 is any that is free. @default 8321, or the next one that is free */
  readonly port?: number;
  /**
   * The address or name to listen on. On another one than the loopback interface everybody needs the token.
   *
   * @default "127.0.0.1"
   */
  readonly hostname?: string;
  /**
   * Further values of the `Host` header under which the page may be asked, where something stands between it and its
   * readers: `streams.example.org`.
   *
   * @default none
   */
  readonly hosts?: readonly string[];
  /**
   * The token that a reader needs, at least 16 visible ASCII characters.
   *
   * @default none on the loopback interface, random elsewhere
   */
  readonly token?: string;
  /** Whether the page may show values of records and states. @default "show" on the loopback interface, "hide" elsewhere */
  readonly values?: "show" | "hide";
  /**
   * What is shown of a value. `topic` is the topic of a record, or the name of a state. Called with what was decoded,
   * and with `null` for a tombstone.
   *
   * @default all of it
   */
  readonly redact?: (value: unknown, topic: string) => unknown;
  /** Called with one line that says where the page is, and has the token. @default console.error */
  readonly log?: (line: string) => void;
}

/** A page that is open. Disposing of it closes it; the job goes on. */
export interface Dashboard extends AsyncDisposable {
  /** Where it is, without the token: `http://127.0.0.1:8321/`. */
  readonly url: string;
  /** The address to open, which has the token in its fragment if there is one. */
  readonly link: string;
  /** How many readers its stream has. */
  readonly readers: number;
}

/**
 * Opens the live page of a job, and the API behind it. The job runs as it would without: a snapshot is made once a second
 * while somebody reads, and never otherwise.
 *
 * @param job the job that `run()` has started
 * @param options where it listens, and what it shows
 * @returns the page, once it listens
 * @throws {RangeError} when an option is out of its range
 * @throws {Error} when the port is taken
 *
 * @example Open it, and read what it says
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memory, run } from "@tidemark/streams";
 * import { dashboard } from "@tidemark/streams/dashboard";
 *
 * const log = memory();
 * await using job = await run(log.source("clicks").pipe(log.sink("out")), { name: "open", state: ":memory:", log: () => {} });
 * await using page = await dashboard(job, { port: 0, log: () => {} });
 * assertEquals((await (await fetch(`${page.url}api/topology`)).json()).sources[0].topic, "clicks");
 * ```
 */
export async function dashboard(job: Job, options: DashboardOptions = {}): Promise<Dashboard> {
  const { hostname = "127.0.0.1", hosts = [], redact = (value) => value, log = console.error } = options;
  const local = isLoopback(hostname);
  const token = checkedToken(options.token) ?? (local ? undefined : systemClock.id() + systemClock.id());
  const stream = new DetailsStream(() => job.details(), systemClock);
  const place: Place = { job, stream, values: options.values ?? (local ? "show" : "hide"), redact, token };
  const server = listen(place, { hostname, hosts }, options.port);
  const url = `http://${inUrl(hostname)}:${server.addr.port}/`;
  const link = token === undefined ? url : `${url}#token=${encodeURIComponent(token)}`;
  log(`Job ${job.name}: its page is at ${link}`);
  await job.announcePage(url);
  let closing: Promise<void> | undefined;
  return {
    url,
    link,
    get readers() {
      return stream.size;
    },
    [Symbol.asyncDispose]() {
      stream.close();
      return closing ??= Promise.all([server.shutdown(), job.announcePage(undefined)]).then(() => {});
    },
  };
}

function checkedToken(token: string | undefined): string | undefined {
  if (token === undefined || (token.length >= TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token))) return token;
  throw new RangeError(
    `Cannot open the page: token must have at least ${TOKEN_LENGTH} visible ASCII characters, current value has ${token.length}`,
  );
}

/** Listens on the port that was asked for, or on the first one that is free. */
function listen(
  place: Place,
  names: Omit<Listening, "port">,
  port: number | undefined,
): Deno.HttpServer<Deno.NetAddr> {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new RangeError(`Cannot open the page: port must be an integer from 0 to 65535, current value is ${port}`);
  }
  const last = port ?? PORT + PORTS - 1;
  for (let next = port ?? PORT;; next++) {
    try {
      return serve(place, { ...names, port: next });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      if (next < last) continue;
      const taken = port === undefined ? `the ports ${PORT} to ${last} are` : `port ${port} is`;
      throw new Error(`Cannot open the page: ${taken} taken. Give another one, or 0 for any that is free`, {
        cause: error,
      });
    }
  }
}
