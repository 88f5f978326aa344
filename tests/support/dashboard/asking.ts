/** Asks the server of a page as browsers and programs do. */
import { memory, run } from "@tidemark/streams";
import type { Job } from "@tidemark/streams";
import { type Dashboard, dashboard, type DashboardOptions } from "@tidemark/streams/dashboard";

/** A job with a page. Disposing of it closes both. */
export interface Stand extends AsyncDisposable {
  readonly log: ReturnType<typeof memory>;
  readonly job: Job;
  readonly page: Dashboard;
}

/** A job that passes clicks on, with a page on any port. */
export async function stand(options: DashboardOptions = {}): Promise<Stand> {
  const log = memory();
  const job = await run(log.source("clicks").pipe(log.sink("out")), {
    name: "stand",
    state: ":memory:",
    log: () => {},
  });
  const page = await dashboard(job, { port: 0, log: () => {}, ...options });
  return {
    ...{ log, job, page },
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]();
      await job.stop();
    },
  };
}

/** The status and the JSON of an answer. */
export async function said(asked: Promise<Response>): Promise<[number, unknown]> {
  const answer = await asked;
  const text = await answer.text();
  return [answer.status, text === "" ? undefined : JSON.parse(text)];
}

/** Posts JSON as the page does. */
export function post(page: Dashboard, path: string, body: unknown, headers: HeadersInit = {}): Promise<Response> {
  const { origin } = new URL(page.url);
  const all = new Headers({ origin, "content-type": "application/json" });
  new Headers(headers).forEach((value, name) => all.set(name, value));
  return fetch(new URL(path, page.url), { method: "POST", headers: all, body: JSON.stringify(body) });
}

/** The answer to a request whose lines a test writes itself. */
export async function raw(
  page: Dashboard,
  lines: readonly string[],
  body = "",
): Promise<{ status: number; text: string }> {
  const { port } = new URL(page.url);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const request = [...lines, ...length, "Connection: close", "", body].join("\r\n");
  await connection.write(new TextEncoder().encode(request));
  const text = await new Response(connection.readable).text();
  return { status: Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1]), text };
}

/** The events of a stream, one after the other. */
export async function* eventsOf(
  response: Response,
): AsyncGenerator<{ readonly event: string; readonly data: Record<string, unknown> }, void, undefined> {
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
