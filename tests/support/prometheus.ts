/** A real Prometheus, which scrapes pages of jobs, and its tool. */
import { assert, assertEquals } from "@std/assert";
import { freePort } from "./broker/ports.ts";
import { findPrometheus } from "./run/find_prometheus.ts";
import { PATIENCE } from "./patience.ts";

export { findPrometheus };

/** How often it is asked, in milliseconds. */
const AGAIN = 100;

/** One series of an answer: its labels, and its value as text. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** Runs `promtool` with text as its input. Returns whether it was content, and what it said. */
export async function promtool(
  words: readonly string[],
  input = "",
): Promise<{ readonly content: boolean; readonly said: string }> {
  const found = findPrometheus();
  assert(found.tool !== undefined, found.reason);
  const child = new Deno.Command(found.tool, {
    args: [...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { content: success, said: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
}

/** A Prometheus that scrapes once a second. Disposing of it ends it. */
export class Prometheus implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly folder: string,
    readonly child: Deno.ChildProcess,
  ) {}

  /** Starts one that scrapes these pages, and resolves when it answers. */
  static async scraping(...pages: readonly string[]): Promise<Prometheus> {
    const found = findPrometheus();
    assert(found.ok, found.reason);
    const folder = await Deno.makeTempDir({ prefix: "tidemark-prometheus-" });
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [new URL("../../docs/alerts.yml", import.meta.url).pathname],
      scrape_configs: [{
        job_name: "tidemark",
        static_configs: [{ targets: pages.map((page) => new URL(page).host) }],
      }],
    };
    // YAML takes JSON.
    await Deno.writeTextFile(`${folder}/prometheus.yml`, JSON.stringify(config));
    const port = freePort();
    const child = new Deno.Command(found.path, {
      args: [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=error",
      ],
      ...{ stdin: "null", stdout: "null", stderr: "inherit" },
    }).spawn();
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, folder, child);
    await prometheus.until("it is ready", async () => {
      const answer = await fetch(`${prometheus.url}/-/ready`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok === true;
    });
    return prometheus;
  }

  /** The series that a query returns at this moment. */
  async query(query: string): Promise<readonly Series[]> {
    const { result } = await this.ask(`query?${new URLSearchParams({ query })}`) as { result: readonly Series[] };
    return result;
  }

  /** What its API answers. */
  async ask(path: string): Promise<unknown> {
    const { status, error, data } = await (await fetch(`${this.url}/api/v1/${path}`)).json();
    assertEquals(status, "success", `${path}: ${error}`);
    return data;
  }

  /** Resolves when it has scraped so many more times. */
  async scrapes(more: number): Promise<void> {
    const count = async () => Number((await this.query("count_over_time(up[10m])"))[0]?.value[1] ?? 0);
    const before = await count();
    await this.until(`${more} scrapes`, async () => await count() >= before + more);
  }

  /** Resolves when a condition holds. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (!await holds()) {
      if (performance.now() > deadline) throw new Error(`Waited in vain for Prometheus: ${what}.`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.child.status;
    await Deno.remove(this.folder, { recursive: true });
  }
}
