/**
 * Asks the page of a running worker.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/thrown.ts";
import type { Explanation, JobDetails } from "../runtime/details.ts";
import type { JobEvent } from "../runtime/events.ts";
import { WrongUsage } from "./errors.ts";

/** How long the page may take to answer, in milliseconds. */
const PATIENCE = 10_000;

/** A value as the page shows it. */
export interface ShownByPage {
  readonly as: "json" | "text" | "hex" | "hidden";
  readonly text: string;
  readonly bytes: number;
  readonly cut: boolean;
}

/** The page of one worker. */
export class Page {
  /** Its address, without a token. */
  readonly url: string;
  readonly #token: string | undefined;
  readonly #clock: Clock;

  /**
   * @param address as the worker has printed it, with its token after `#` if it has one
   * @param options the clock, and the token if the address does not have it
   * @throws {WrongUsage} when it is no address
   */
  constructor(address: string, { clock, token }: { readonly clock: Clock; readonly token?: string }) {
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new WrongUsage(
        `--page must be an address such as http://127.0.0.1:8321, current value is ${JSON.stringify(address)}`,
      );
    }
    this.#token = token ?? new URLSearchParams(url.hash.slice(1)).get("token") ?? undefined;
    this.url = `${url.origin}/`;
    this.#clock = clock;
  }

  /** The details of its job. */
  details(): Promise<JobDetails> {
    return this.#ask("/api/details");
  }

  /** Why results have not come. */
  why(stage: string | undefined): Promise<readonly Explanation[]> {
    return this.#ask(stage === undefined ? "/api/why" : `/api/why?${new URLSearchParams({ stage })}`);
  }

  /** What has happened to its worker, the oldest first. */
  happened(): Promise<readonly JobEvent[]> {
    return this.#ask("/api/happened");
  }

  /** The value of a key in memory, which may be ahead of the last commit; `undefined` where there is none. */
  async value(
    state: string,
    { key, type, window }: { readonly key: string; readonly type: string; readonly window: number | undefined },
  ): Promise<ShownByPage | undefined> {
    const query = new URLSearchParams({ key, type, ...(window === undefined ? {} : { window: String(window) }) });
    const { found, value } = await this.#ask<{ found: boolean; value?: ShownByPage }>(
      `/api/state/${encodeURIComponent(state)}?${query}`,
    );
    return found ? value : undefined;
  }

  /** Posts JSON. */
  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "content-type": "application/json", origin: new URL(this.url).origin };
    return JSON.parse(await this.#text(path, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  async #ask<T>(path: string): Promise<T> {
    return JSON.parse(await this.#text(path)) as T;
  }

  async #text(path: string, init: RequestInit = {}): Promise<string> {
    const headers = new Headers(init.headers);
    if (this.#token !== undefined) headers.set("authorization", `Bearer ${this.#token}`);
    const tooLong = new AbortController();
    const cancel = this.#clock.after(
      PATIENCE,
      () => tooLong.abort(new Error(`it took longer than ${PATIENCE / 1000} s`)),
    );
    let answer: Response, text: string;
    try {
      answer = await fetch(new URL(path, this.url), { ...init, headers, signal: tooLong.signal });
      text = await answer.text();
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error;
      throw new PageAway(`The page at ${this.url} does not answer: ${messageOf(cause)}`, { cause: error });
    } finally {
      cancel();
    }
    if (answer.ok) return text;
    if (answer.status === 401) throw new WrongUsage(`The page at ${this.url} wants its token: give it with --token`);
    throw new Error(sentenceOf(text) ?? `The page at ${this.url} answers ${answer.status}`);
  }
}

/** The page does not answer: its worker may have ended. */
export class PageAway extends Error {
  override name = "PageAway";
}

function sentenceOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: string }).error;
  } catch {
    return undefined;
  }
}
