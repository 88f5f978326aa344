/**
 * The server of the page.
 *
 * @module
 */
import { messageOf } from "../base/thrown.ts";
import { type Asset, ASSETS } from "./_assets.ts";
import { type Asked, type Place, Refused, type Route } from "./asked.ts";
import { HEADERS, type Names, refuseStrangers, refuseUnknown } from "./guard.ts";
import { ROUTES } from "./routes.ts";

/** Where a server listens. */
export interface Listening extends Names {
  /** The port; 0 is any that is free. */
  readonly port: number;
}

/**
 * Starts a server.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken
 */
export function serve(place: Place, listening: Listening): Deno.HttpServer<Deno.NetAddr> {
  const { hostname, port } = listening;
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    ...{ hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port, onListen: () => {} },
    handler: async (request) => {
      const response = await answer(request, { place, listening, port: server.addr.port }).catch(refusal);
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
      return response;
    },
  });
  return server;
}

interface Server {
  readonly place: Place;
  readonly listening: Listening;
  readonly port: number;
}

async function answer(request: Request, { place, listening, port }: Server): Promise<Response> {
  refuseStrangers(request, listening, port);
  const { pathname, searchParams: search } = new URL(request.url);
  const asset = ASSETS.get(pathname);
  if (asset !== undefined && request.method === "GET") {
    return await fileOf(asset, request);
  }
  const { route, rest } = routeOf(pathname, request.method);
  const asked: Asked = { request, rest, search, place, port };
  if (route.open !== true) await refuseUnknown(asked);
  return await route.answer(asked);
}

/** A file, packed where the browser takes that: all of them together are then a third as large. */
async function fileOf({ text, type }: Asset, { headers }: Request): Promise<Response> {
  if (!/\bgzip\b/.test(headers.get("accept-encoding") ?? "")) {
    return new Response(text, { headers: { "content-type": type } });
  }
  const known = packed.get(text) ??
    new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  packed.set(text, known);
  return new Response(await known, {
    headers: { "content-type": type, "content-encoding": "gzip", "vary": "accept-encoding" },
  });
}

/** Files that were packed, by their texts: each is packed once, when it is asked for first. */
const packed = new Map<string, Promise<ArrayBuffer>>();

function routeOf(path: string, method: string): { readonly route: Route; readonly rest: string } {
  const matching = ROUTES.filter(({ path: own }) => own.endsWith("/") ? path.startsWith(own) : path === own);
  const route = matching.find((one) => one.method === method);
  if (route !== undefined) return { route, rest: decoded(path.slice(route.path.length)) };
  if (matching.length === 0) throw new Refused(404, `There is nothing at ${path}`);
  throw new Refused(405, `${path} is asked with ${matching.map((one) => one.method).join(" or ")}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused(400, "The path is not encoded as a path must be");
  }
}

/** The answer to a request that ran into an error. */
function refusal(error: unknown): Response {
  const status = error instanceof Refused ? error.status : 500;
  const headers = status === 401 ? { "www-authenticate": "Bearer" } : undefined;
  return Response.json({ error: messageOf(error) }, { status, headers });
}
