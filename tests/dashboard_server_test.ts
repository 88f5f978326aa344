/** The server of the page: who is let in, what it says, and how it ends. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { memory, readDetails, run } from "@tidemark/streams";
import { dashboard } from "@tidemark/streams/dashboard";
import { importsOf, resolve } from "./support/tidy/imports.ts";
import { readTree } from "./support/tidy/source.ts";
import { eventsOf, post, raw, said, stand } from "./support/dashboard/asking.ts";

const TOKEN = "a token of a test".replaceAll(" ", "-");

Deno.test("the page comes with all of its files, and with headers that allow nothing else", async () => {
  await using place = await stand();
  const page = await fetch(place.page.url);
  assertEquals(
    Object.fromEntries(
      [...page.headers].filter(([name]) => !["date", "content-length", "content-encoding", "vary"].includes(name)),
    ),
    {
      "cache-control": "no-store",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  );
  const asked = [...(await page.text()).matchAll(/(?:href|src)="\/([^"]+)"/g)].map(([, path]) => path);
  assert(asked.length > 0);
  for (let path = asked.pop(); path !== undefined; path = asked.pop()) {
    const file = await fetch(`${place.page.url}${path}`);
    const text = await file.text();
    assertEquals([path, file.status, file.headers.get("x-content-type-options")], [path, 200, "nosniff"]);
    if (path === "preact.js") continue;
    const folder = new URL(path, place.page.url);
    for (const [, other] of text.matchAll(/ from "(\.[^"]+)"/g)) asked.push(new URL(other, folder).pathname.slice(1));
  }
  assertEquals(await said(fetch(`${place.page.url}etc/passwd`)), [404, { error: "There is nothing at /etc/passwd" }]);
  assertEquals(await said(fetch(`${place.page.url}api/details`, { method: "PUT" })), [
    405,
    { error: "/api/details is asked with GET" },
  ]);
  assertEquals(await said(fetch(place.page.url, { method: "DELETE" })), [405, { error: "/ is asked with GET" }]);
});

Deno.test("a request must name this server", async () => {
  await using place = await stand();
  const { port } = new URL(place.page.url);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    assertEquals([host, (await raw(place.page, ["GET / HTTP/1.1", `Host: ${host}`])).status], [host, 200]);
  }
  for (
    const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port}.evil.example`,
      `1.2.3.4:${port}`,
    ]
  ) {
    const { status, text } = await raw(place.page, ["GET /api/details HTTP/1.1", `Host: ${host}`]);
    assertEquals([host, status, text.includes("stand")], [host, 421, false]);
  }
  assertEquals((await raw(place.page, ["GET / HTTP/1.0"])).status, 421);
});

Deno.test("a page of another site is refused", async () => {
  await using place = await stand();
  const { host } = new URL(place.page.url);
  const ask = (site: string) =>
    raw(place.page, ["GET /api/details HTTP/1.1", `Host: ${host}`, `Sec-Fetch-Site: ${site}`]);
  for (const site of ["same-origin", "none"]) assertEquals((await ask(site)).status, 200);
  for (const site of ["cross-site", "same-site"]) assertEquals((await ask(site)).status, 403);

  // A link to the page itself is followed, as from the page of another worker: the document tells nothing of the job.
  const link = (path: string, mode: string, dest: string) =>
    raw(place.page, [
      ...[`GET ${path} HTTP/1.1`, `Host: ${host}`, "Sec-Fetch-Site: same-site"],
      ...[`Sec-Fetch-Mode: ${mode}`, `Sec-Fetch-Dest: ${dest}`],
    ]);
  const followed = await link("/", "navigate", "document");
  assertEquals([followed.status, followed.text.includes("stand")], [200, false]);
  for (const dest of ["iframe", "embed", "object"]) assertEquals((await link("/", "navigate", dest)).status, 403);
  assertEquals((await link("/", "no-cors", "script")).status, 403);
  for (const path of ["/api/details", "/metrics", "/?a=b"]) {
    assertEquals((await link(path, "navigate", "document")).status, 403);
  }
});

Deno.test("what changes something must say that it comes from the page itself, and that it is JSON", async () => {
  await using place = await stand();
  const refused: [Record<string, string>, number][] = [
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "application/jsonx" }, 415],
  ];
  for (const [headers, status] of refused) {
    assertEquals([headers, (await said(post(place.page, "session", { token: TOKEN }, headers)))[0]], [headers, status]);
  }
  const { host } = new URL(place.page.url);
  const lines = ["POST /session HTTP/1.1", `Host: ${host}`, "Content-Type: application/json"];
  const { status, text } = await raw(place.page, lines, "{}");
  assertEquals(status, 403);
  assertStringIncludes(text, `A POST needs the header origin: http://${host}`);
  assertEquals((await post(place.page, "session", { token: TOKEN })).status, 204);
});

Deno.test("a body is a JSON object of a size that is said before", async () => {
  await using place = await stand({ token: TOKEN });
  const large = await said(post(place.page, "session", { token: "x".repeat(9_000) }));
  assertEquals(large[0], 413);
  for (const body of [[], "text", null]) assertEquals((await said(post(place.page, "session", body)))[0], 400);
  assertEquals(await said(post(place.page, "session", { token: 1 })), [400, { error: "The token must be text" }]);
});

Deno.test("with a token the page's files are open, and everything else asks for a cookie or a bearer token", async () => {
  await using place = await stand({ token: TOKEN });
  const { url, link } = place.page;
  assertEquals(link, `${url}#token=${TOKEN}`);
  const page = await fetch(url);
  assertEquals([page.status, (await page.text()).includes("stand")], [200, false]);
  for (const path of ["api/details", "api/events", "api/topology", "api/why"]) {
    const answer = await fetch(`${url}${path}`);
    assertEquals([path, answer.status, answer.headers.get("www-authenticate")], [path, 401, "Bearer"]);
    assertMatch((await answer.json()).error, /^This needs the token/);
  }
  const bearer = (token: string) => fetch(`${url}api/details`, { headers: { authorization: `Bearer ${token}` } });
  assertEquals((await said(bearer(TOKEN)))[0], 200);
  assertEquals((await said(bearer(`${TOKEN}x`)))[0], 401);
  assertEquals((await said(post(place.page, "session", { token: `${TOKEN}x` })))[0], 401);

  const opened = await post(place.page, "session", { token: TOKEN });
  const cookie = opened.headers.get("set-cookie")!;
  const { port } = new URL(url);
  assertMatch(cookie, new RegExp(`^tidemark_${port}=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$`));
  assertEquals(cookie.includes(TOKEN), false);
  const [pair] = cookie.split(";");
  const withCookie = (cookie: string) => fetch(`${url}api/details`, { headers: { cookie } });
  assertEquals((await said(withCookie(`other=1; ${pair}`)))[0], 200);
  assertEquals((await said(withCookie(pair.replace(`_${port}`, "_1"))))[0], 401);
  assertEquals((await said(withCookie(`${pair}0`)))[0], 401);
});

Deno.test("a page that is not on the loopback interface has a token of its own, hides values, and is asked by address", async () => {
  const lines: string[] = [];
  await using place = await stand({ hostname: "0.0.0.0", log: (line) => lines.push(line) });
  const { port } = new URL(place.page.url);
  assertMatch(
    lines.join("\n"),
    new RegExp(`^Job stand: its page is at http://0\\.0\\.0\\.0:${port}/#token=[a-z2-7]{32}$`),
  );
  const ask = (host: string) => raw(place.page, ["GET /api/details HTTP/1.1", `Host: ${host}`]);
  assertEquals((await ask(`192.168.7.7:${port}`)).status, 401);
  assertEquals((await ask(`evil.example:${port}`)).status, 421);
});

Deno.test("a page behind another server is asked by the names that it was given", async () => {
  await using place = await stand({ hosts: ["streams.example"] });
  const lines = ["GET / HTTP/1.1"];
  assertEquals((await raw(place.page, [...lines, "Host: streams.example"])).status, 200);
  assertEquals((await raw(place.page, [...lines, "Host: other.example"])).status, 421);
});

Deno.test("options out of their range, and a port that is taken, are refused with the cure", async () => {
  await using place = await stand();
  const open = (options: object) => dashboard(place.job, { log: () => {}, ...options });
  await assertRejects(
    () => open({ port: -1 }),
    RangeError,
    "port must be an integer from 0 to 65535, current value is -1",
  );
  await assertRejects(
    () => open({ token: "short" }),
    RangeError,
    "token must have at least 16 visible ASCII characters",
  );
  await assertRejects(() => open({ token: "sixteen characters" }), RangeError, "visible ASCII");
  const port = Number(new URL(place.page.url).port);
  await assertRejects(() => open({ port }), Error, `Cannot open the page: port ${port} is taken`);
});

Deno.test("a program that does not import the page loads nothing of it", () => {
  const files = new Map(readTree(Deno.cwd()).map((file) => [file.path, file]));
  const reached = (from: string): Set<string> => {
    const paths = new Set([from]);
    for (const path of paths) {
      for (const { specifier, typeOnly } of importsOf(files.get(path)!)) {
        const target = resolve(path, specifier);
        if (specifier.startsWith(".") && !typeOnly && files.has(target)) paths.add(target);
      }
    }
    return paths;
  };
  const pages = (path: string) => [...reached(path)].filter((one) => one.startsWith("dashboard/"));
  assertEquals(pages("mod.ts"), []);
  assertEquals(pages("connectors/kafka/mod.ts"), []);
  assert(pages("dashboard/mod.ts").includes("dashboard/_assets.ts"));
  assert(reached("mod.ts").has("runtime/run.ts"));
});

Deno.test("two pages with no port asked for listen on two ports", async () => {
  await using place = await stand();
  await using one = await dashboard(place.job, { log: () => {} });
  await using other = await dashboard(place.job, { log: () => {} });
  const ports = [one, other].map(({ url }) => Number(new URL(url).port));
  assert(ports[0] >= 8321 && ports[1] > ports[0], ports.join(" and "));
});

Deno.test("the state of a job says where its page is while it is open", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = memory();
  const options = { name: "announced", state: kv, worker: "w1", log: () => {} };
  await using job = await run(log.source("clicks").pipe(log.sink("out")), options);
  const pages = async () => (await readDetails("announced", { state: kv })).details.workers.map(({ page }) => page);
  {
    await using page = await dashboard(job, { port: 0, token: TOKEN, log: () => {} });
    assertEquals(await pages(), [page.url]);
  }
  assertEquals(await pages(), [undefined]);
});

Deno.test("the stream gives the newest snapshot to each reader, and a closed page ends it", async () => {
  await using place = await stand();
  const first = await fetch(`${place.page.url}api/events`);
  assertEquals(first.headers.get("content-type"), "text/event-stream");
  const events = eventsOf(first);
  const one = (await events.next()).value!;
  assertEquals([one.event, one.data.job, one.data.records_in], ["details", "stand", 0]);
  place.log.append("clicks", [{ value: 1 }, { value: 2 }]);
  for (let seen = 0; seen < 2;) seen = (await events.next()).value!.data.records_in as number;
  assertEquals(place.page.readers, 1);
  await place.page[Symbol.asyncDispose]();
  assertEquals((await events.next()).done, true);
  assertEquals(place.page.readers, 0);
});

Deno.test("eight may read the stream, and who leaves makes room", async () => {
  await using place = await stand();
  const open = () => fetch(`${place.page.url}api/events`);
  const readers = await Promise.all(Array.from({ length: 8 }, open));
  assertEquals(readers.map(({ status }) => status), Array(8).fill(200));
  assertEquals(await said(open()), [503, { error: "This page has 8 readers, which is the most: close one of them" }]);
  const all = readers.map(eventsOf);
  for (const events of all) assertEquals((await events.next()).value!.event, "details");
  await all[0].return();
  for (const events of all.slice(1)) assertEquals((await events.next()).value!.event, "details");
  const another = eventsOf(await open());
  assertEquals((await another.next()).value!.event, "details");
  await Promise.all([another, ...all].map((events) => events.return()));
});

Deno.test("details, topology and explanations are asked one by one", async () => {
  await using place = await stand();
  const ask = (path: string) => said(fetch(`${place.page.url}api/${path}`));
  const [, details] = await ask("details") as [number, { job: string; state: string }];
  assertEquals([details.job, details.state], ["stand", "running"]);
  const [, topology] = await ask("topology") as [number, { sources: { topic: string }[] }];
  assertEquals(topology.sources.map(({ topic }) => topic), ["clicks"]);
  assertEquals(await ask("why"), [200, []]);
  assertEquals(await ask("why?stage=%3Cb%3E"), [404, { error: 'Job stand has no stage "<b>"; it has none' }]);
});
