/**
 * Who is let in. A page on the loopback interface can be asked by every page that the visitor's browser has open, under
 * every name that somebody points at this machine. So each request must name this server, and come from its own page or
 * from no page at all.
 *
 * @module
 */
import { type Asked, Refused } from "./asked.ts";

/** The names under which a server may be asked. */
export interface Names {
  /** The address or name that it listens on. */
  readonly hostname: string;
  /** Further values of the `Host` header. */
  readonly hosts: readonly string[];
}

/** For every answer. The page needs nothing but its own files, so nothing else is allowed. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

/** Whether only programs of this machine can reach a server that listens on this name. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);
}

/** A host as it stands in a URL. */
export function inUrl(hostname: string): string {
  return hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
}

/**
 * Refuses a request that names another server, comes from another site, or wants to change something without being from
 * this server's own page or a program that says so. Only a link may lead from another site to the page itself, as from the
 * page of another worker: its document is the same for every job, and tells nothing of this one.
 *
 * @throws {Refused} when it is refused
 */
export function refuseStrangers(request: Request, names: Names, port: number): void {
  const { method, headers } = request;
  const host = headers.get("host") ?? "";
  if (!isOwn(host, names, port)) throw new Refused(421, "This server is not the one that the request names");
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site !== "none" && site !== "same-origin" && !isLink(request)) {
    throw new Refused(403, "This server answers its own page only, and programs");
  }
  if (method !== "POST") return;
  const origin = headers.get("origin");
  if (origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new Refused(403, `A POST needs the header origin: http://${host}`);
  }
  if (!/^application\/json(\s*;.*)?$/i.test(headers.get("content-type") ?? "")) {
    throw new Refused(415, "A POST needs the header content-type: application/json");
  }
}

/** Whether a reader has followed a link to the page, which then fills a window or a tab of its own. */
function isLink({ method, headers, url }: Request): boolean {
  const { pathname, search } = new URL(url);
  return method === "GET" && pathname === "/" && search === "" &&
    headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
}

function isOwn(host: string, { hostname, hosts }: Names, port: number): boolean {
  if (hosts.includes(host)) return true;
  const bare = host.endsWith(`:${port}`) ? host.slice(0, -`:${port}`.length) : port === 80 ? host : undefined;
  if (bare === undefined) return false;
  if (["127.0.0.1", "localhost", "[::1]", inUrl(hostname)].includes(bare)) return true;
  // Nobody can point an address at this machine as one points a name at it.
  return isEverywhere(hostname) && /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i.test(bare);
}

/** Whether a server listens on all interfaces. */
function isEverywhere(hostname: string): boolean {
  return hostname === "0.0.0.0" || inUrl(hostname) === "[::]";
}

/** Text that proves that somebody has the token, and does not tell it. */
export async function proofOf(token: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`tidemark session ${token}`));
  return new Uint8Array(hash).toHex();
}

/**
 * Refuses a request without the token. Two proofs are compared, so the time that it takes tells nothing.
 *
 * @throws {Refused} when it has none, or another one
 */
export async function refuseUnknown({ request: { headers }, place: { token }, port }: Asked): Promise<void> {
  if (token === undefined) return;
  const proof = await proofOf(token);
  const given = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (given !== undefined && await proofOf(given) === proof) return;
  const cookies = (headers.get("cookie") ?? "").split(/;\s*/);
  if (cookies.includes(`${cookieName(port)}=${proof}`)) return;
  throw new Refused(
    401,
    "This needs the token: open the page by the address that was printed, or send it as a bearer token",
  );
}

/** Cookies ignore ports, so the name has it. */
export function cookieName(port: number): string {
  return `tidemark_${port}`;
}
