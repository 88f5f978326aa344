/**
 * The shop's web server, on the loopback interface alone: the page, its data, and the clicks.
 */
import { z } from "zod";
import type { UserEvent } from "../recommendations/schema.ts";
import { type Asset, ASSETS } from "./assets.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Shopper } from "./shoppers.ts";
import { Streams } from "./stream.ts";

const HOSTNAME = "127.0.0.1";

/** What a server needs. */
export interface ShopOptions {
  /** The KV with the job's tables. */
  readonly kv: Deno.Kv;
  readonly catalogue: Catalogue;
  /** The shoppers whose eyes a visitor can borrow. */
  readonly regulars: readonly Shopper[];
  /** Appends events to the job's input, all of them or none. */
  readonly append: (events: readonly UserEvent[]) => Promise<unknown>;
  /** The port; 0 is any that is free. */
  readonly port: number;
  /** The address of the page of the job, if it has one. */
  readonly jobPage?: string;
  /** Told of an error that a request ran into. */
  readonly failed?: (error: unknown) => void;
}

/** A shop that is open. Disposing of it closes it. */
export interface OpenShop extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:8123/`. */
  readonly address: string;
  /** How many pages are listening. */
  readonly listening: number;
}

/** For every answer. The page needs nothing but its own files, so nothing else is allowed. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** The largest click, in bytes: one for each product of a full basket. */
const MOST_BYTES = 8_192;

/** A shopper's id. The page makes one for each browser. */
const ShopperId = z.string().regex(/^[a-z0-9-]{1,40}$/);

/** What the page sends for a click. */
const Click = z.strictObject({
  shopper: ShopperId,
  click: z.string().min(1).max(40),
  type: z.enum(["view", "add_to_cart", "remove_from_cart", "purchase"]),
  products: z.array(z.string()).min(1).max(60),
});

/** A request that is refused, with the reason as a sentence. */
class Refused extends Error {
  constructor(readonly status: number, sentence: string) {
    super(sentence);
  }
}

/**
 * Opens the shop.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken
 */
export function openShop(options: ShopOptions): OpenShop {
  const { kv, catalogue, port, failed = () => {} } = options;
  const streams = new Streams(kv, catalogue.categories.map(({ id }) => id));
  const shop = { ...options, streams, byId: new Map(catalogue.products.map((product) => [product.id, product])) };
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    hostname: HOSTNAME,
    port,
    onListen: () => {},
    handler: async (request) => {
      const response = await respond(request, { ...shop, port: server.addr.port }).catch((error) => {
        if (error instanceof Refused) return new Response(error.message, { status: error.status });
        failed(error);
        return new Response("The shop could not do that.", { status: 500 });
      });
      for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
      return response;
    },
  });
  return {
    address: `http://${HOSTNAME}:${server.addr.port}/`,
    get listening() {
      return streams.size;
    },
    async [Symbol.asyncDispose]() {
      await streams.close();
      await server.shutdown();
    },
  };
}

interface Shop extends ShopOptions {
  readonly streams: Streams;
  readonly byId: ReadonlyMap<string, Catalogue["products"][number]>;
}

async function respond(request: Request, shop: Shop): Promise<Response> {
  refuseStrangers(request, shop.port);
  const { pathname, searchParams } = new URL(request.url);
  const wanted = pathname === "/api/clicks" ? "POST" : "GET";
  if (request.method !== wanted) throw new Refused(405, `${pathname} is asked with ${wanted}.`);
  switch (pathname) {
    case "/api/shop":
      return Response.json({ ...shop.catalogue, regulars: shop.regulars, jobPage: shop.jobPage });
    case "/api/stream":
      return shop.streams.respond(checked(ShopperId, searchParams.get("shopper")));
    case "/api/clicks":
      return await take(request, shop);
    default:
      return file(ASSETS.get(pathname), pathname);
  }
}

/**
 * Refuses what other pages of the visitor's browser ask: a name that somebody has pointed at this machine, and a
 * request that comes from another site.
 */
function refuseStrangers(request: Request, port: number): void {
  const host = request.headers.get("host") ?? "";
  if (host !== `${HOSTNAME}:${port}` && host !== `localhost:${port}`) {
    throw new Refused(421, `The shop is at http://${HOSTNAME}:${port}/.`);
  }
  const site = request.headers.get("sec-fetch-site") ?? "none";
  const origin = request.headers.get("origin");
  if ((site !== "none" && site !== "same-origin") || (origin !== null && origin !== `http://${host}`)) {
    throw new Refused(403, "The shop answers its own page only.");
  }
}

function file(asset: Asset | undefined, path: string): Response {
  if (asset === undefined) throw new Refused(404, `There is nothing at ${path}.`);
  return new Response(asset.text, { headers: { "content-type": asset.type } });
}

/** Takes a click: its events are in the log when the answer goes out. */
async function take(request: Request, { byId, append }: Shop): Promise<Response> {
  if (request.headers.get("content-type") !== "application/json") throw new Refused(415, "A click is JSON.");
  const length = Number(request.headers.get("content-length") ?? Infinity);
  if (!(length <= MOST_BYTES)) throw new Refused(413, `A click has ${MOST_BYTES} bytes at most, and says how many.`);
  const { shopper, click, type, products } = checked(Click, await request.json().catch(() => undefined));
  const timestamp_ms = Date.now();
  await append(products.map((id) => {
    const product = byId.get(id);
    if (product === undefined) throw new Refused(404, "The shop does not sell that.");
    return { user_id: shopper, product_id: id, category: product.category, event_type: type, timestamp_ms, click };
  }));
  return new Response(null, { status: 204 });
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new Refused(400, `${path.length > 0 ? path.join(".") : "The request"}: ${message}.`);
}
