/** The shop's server, beside tables that the test writes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CATALOGUE } from "../examples/shop/catalogue.ts";
import { type OpenShop, openShop } from "../examples/shop/server.ts";
import { REGULARS } from "../examples/shop/shoppers.ts";
import { VISITS } from "../examples/shop/visit.ts";
import { FOR_YOU, TRENDING } from "../examples/recommendations/pipeline.ts";
import { until } from "./support/jobs.ts";
import type { UserEvent } from "../examples/recommendations/schema.ts";

interface Stand extends AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly shop: OpenShop;
  readonly appended: UserEvent[];
}

/** A shop without a job. */
async function stand(): Promise<Stand> {
  const kv = await Deno.openKv(":memory:");
  const appended: UserEvent[] = [];
  const append = (events: readonly UserEvent[]) => Promise.resolve(appended.push(...events));
  const shop = openShop({ kv, catalogue: CATALOGUE, regulars: REGULARS, append, port: 0 });
  return {
    kv,
    shop,
    appended,
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]();
      kv.close();
    },
  };
}

const CLICK = { shopper: "you-1", click: "c1", type: "view", products: ["telescope"] };

function post(shop: OpenShop, click: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${shop.address}api/clicks`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof click === "string" ? click : JSON.stringify(click),
  });
}

/** The status and the words of an answer. */
async function said(asked: Promise<Response>): Promise<[number, string]> {
  const answer = await asked;
  return [answer.status, await answer.text()];
}

/** The status of an answer to a request with headers that `fetch` does not send. */
async function statusOf(shop: OpenShop, headers: readonly string[]): Promise<number> {
  const { port } = new URL(shop.address);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const lines = ["GET / HTTP/1.1", ...headers, "Connection: close", "", ""];
  await connection.write(new TextEncoder().encode(lines.join("\r\n")));
  const text = await new Response(connection.readable).text();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

/** The events of a stream, one after the other. */
async function* eventsOf(response: Response): AsyncGenerator<{ event: string; data: unknown }, void, undefined> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}

Deno.test("the shop gives its page with all files, and a policy that allows nothing else", async () => {
  await using place = await stand();
  const page = await fetch(place.shop.address);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy")!;
  for (const rule of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"]) {
    assertStringIncludes(policy, rule);
  }
  assertEquals(policy.includes("unsafe"), false);
  const asked = [...(await page.text()).matchAll(/(?:href|src)="\/([^"]+)"/g)].map(([, path]) => path);
  for (let path = asked.pop(); path !== undefined; path = asked.pop()) {
    const file = await fetch(`${place.shop.address}${path}`);
    const text = await file.text();
    assertEquals([path, file.status, file.headers.get("x-content-type-options")], [path, 200, "nosniff"]);
    if (path === "preact.js") continue;
    const folder = new URL(path, place.shop.address);
    for (const [, other] of text.matchAll(/ from "(\.[^"]+)"/g)) asked.push(new URL(other, folder).pathname.slice(1));
  }
  const shop = await (await fetch(`${place.shop.address}api/shop`)).json();
  assertEquals(shop, { ...CATALOGUE, regulars: REGULARS });
  assertEquals(await said(fetch(`${place.shop.address}etc/passwd`)), [404, "There is nothing at /etc/passwd."]);
});

Deno.test("a click becomes an event for each product, with the shop's own time and category", async () => {
  await using place = await stand();
  const before = Date.now();
  const click = { ...CLICK, type: "purchase", products: ["telescope", "cloud-mug"] };
  assertEquals((await post(place.shop, click)).status, 204);
  const times = place.appended.map(({ timestamp_ms }) => timestamp_ms);
  assert(times.every((time) => time >= before && time <= Date.now()));
  const common = { user_id: "you-1", event_type: "purchase", click: "c1", timestamp_ms: times[0] };
  assertEquals(place.appended, [
    { ...common, product_id: "telescope", category: "night" },
    { ...common, product_id: "cloud-mug", category: "tea" },
  ]);
});

Deno.test("a click that is none is refused with a sentence, and nothing of it is appended", async () => {
  await using place = await stand();
  const refused: [unknown, number, RegExp][] = [
    ["no JSON", 400, /^The request: .+\.$/],
    [{ ...CLICK, shopper: "<b>" }, 400, /^shopper: .+\.$/],
    [{ ...CLICK, type: "steal" }, 400, /^type: .+\.$/],
    [{ ...CLICK, products: [] }, 400, /^products: .+\.$/],
    [{ ...CLICK, price: 0 }, 400, /price/],
    [{ ...CLICK, products: ["telescope", "__proto__"] }, 404, /^The shop does not sell that\.$/],
    [" ".repeat(9_000), 413, /^A click has 8192 bytes at most/],
  ];
  for (const [click, status, words] of refused) {
    const [code, text] = await said(post(place.shop, click));
    assertEquals([code, click], [status, click]);
    assertMatch(text, words);
  }
  assertEquals((await said(post(place.shop, CLICK, { "content-type": "text/plain" })))[0], 415);
  assertEquals(await said(fetch(`${place.shop.address}api/clicks`)), [405, "/api/clicks is asked with POST."]);
  assertEquals((await said(fetch(`${place.shop.address}api/stream?shopper=../x`)))[0], 400);
  assertEquals((await said(fetch(`${place.shop.address}api/stream`)))[0], 400);
  assertEquals(place.appended, []);
});

Deno.test("the shop answers neither other names nor other sites", async () => {
  await using place = await stand();
  const { host, port } = new URL(place.shop.address);
  assertEquals(await statusOf(place.shop, [`Host: ${host}`]), 200);
  assertEquals(await statusOf(place.shop, [`Host: localhost:${port}`]), 200);
  assertEquals(await statusOf(place.shop, [`Host: ${host}`, "Sec-Fetch-Site: same-origin"]), 200);
  for (const name of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${port}.evil.example`]) {
    assertEquals([name, await statusOf(place.shop, [`Host: ${name}`])], [name, 421]);
  }
  for (const site of ["cross-site", "same-site"]) {
    assertEquals(await statusOf(place.shop, [`Host: ${host}`, `Sec-Fetch-Site: ${site}`]), 403);
  }
  assertEquals((await said(post(place.shop, CLICK, { origin: "http://evil.example" })))[0], 403);
  assertEquals((await said(post(place.shop, CLICK, { origin: "null" })))[0], 403);
  assertEquals(place.appended, []);
  assertEquals((await said(post(place.shop, CLICK, { origin: `http://${host}` })))[0], 204);
});

Deno.test("a stream begins with the rows that are there, and goes on with those that change", async () => {
  await using place = await stand();
  const { kv, shop } = place;
  await kv.set([...TRENDING, "all"], { products: [{ product_id: "telescope", score: 2 }] });
  const events = eventsOf(await fetch(`${shop.address}api/stream?shopper=ada`));
  const first = await Array.fromAsync({ length: 9 }, async () => (await events.next()).value!);
  const nothing = CATALOGUE.categories.map(({ id }) => ({ event: "trending", data: { category: id, row: null } }));
  assertEquals(first, [
    { event: "for_you", data: { row: null } },
    { event: "visit", data: { row: null } },
    { event: "trending", data: { category: "all", row: { products: [{ product_id: "telescope", score: 2 }] } } },
    ...nothing,
  ]);
  await kv.set([...VISITS, "bob"], { events: 1 });
  const row = { user_id: "ada", event_count: 1, recommendations: [] };
  await kv.set([...FOR_YOU, "ada"], row);
  assertEquals((await events.next()).value, { event: "for_you", data: { row } });
  await kv.atomic().set([...VISITS, "ada"], 7).set([...TRENDING, "tea"], 8).commit();
  assertEquals((await events.next()).value, { event: "visit", data: { row: 7 } });
  assertEquals((await events.next()).value, { event: "trending", data: { category: "tea", row: 8 } });
  await events.return();
});

Deno.test("a shop that closes ends its streams", async () => {
  const place = await stand();
  const address = `${place.shop.address}api/stream?shopper=ada`;
  const events = eventsOf(await fetch(address));
  assertEquals((await events.next()).value?.event, "for_you");
  assertEquals(place.shop.listening, 1);
  await place[Symbol.asyncDispose]();
  assertEquals((await Array.fromAsync(events)).length, 8);
  assertEquals(place.shop.listening, 0);
});

Deno.test("a page that goes away is forgotten, though nothing changes that would be sent to it", async () => {
  await using place = await stand();
  const away = new AbortController();
  const address = `${place.shop.address}api/stream?shopper=ada`;
  const events = eventsOf(await fetch(address, { signal: away.signal }));
  assertEquals((await events.next()).value?.event, "for_you");
  assertEquals(place.shop.listening, 1);
  away.abort();
  await until("the stream to be gone", () => place.shop.listening === 0);
});

Deno.test("a page too many is told so", async () => {
  await using place = await stand();
  const listening = await Promise.all(
    Array.from({ length: 64 }, () => fetch(`${place.shop.address}api/stream?shopper=ada`)),
  );
  assertEquals(listening.map(({ status }) => status), Array(64).fill(200));
  assertEquals(await said(fetch(`${place.shop.address}api/stream?shopper=ada`)), [503, "Too many pages are open."]);
  await Promise.all(listening.map((response) => response.body!.cancel()));
});
