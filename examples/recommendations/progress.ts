/**
 * The progress of the job: one line that is rewritten on a terminal, and a new line every 30 seconds elsewhere. It goes
 * to stderr, so that stdout has only the summary.
 */
import type { Metrics, MetricsSnapshot } from "@tidemark/streams";

/** How often a line is written when it cannot be rewritten, in milliseconds. */
const RARELY = 30_000;

const CLEAR = "\r\x1b[K";

/** The only writer to stderr, so that log lines and the progress line do not overlap. */
export class Progress implements Disposable {
  readonly #terminal = Deno.stderr.isTerminal();
  readonly #encoder = new TextEncoder();
  #following: { unsubscribe(): void } | undefined;
  #shown = "";
  #last: MetricsSnapshot | undefined;

  /** Writes a permanent line. */
  log(line: string): void {
    this.#write(`${this.#shown === "" ? "" : CLEAR}${line}\n${this.#shown}`);
  }

  /** Shows a job's progress from here on. */
  follow(metrics: Metrics): void {
    this.#last = metrics.snapshot();
    this.#following = metrics.changes.subscribe((snapshot) => this.#show(snapshot));
  }

  [Symbol.dispose](): void {
    this.#following?.unsubscribe();
    if (this.#shown !== "") this.#write(CLEAR);
    this.#shown = "";
  }

  #show(snapshot: MetricsSnapshot): void {
    const elapsed = snapshot.elapsed_ms - this.#last!.elapsed_ms;
    if (elapsed <= 0 || (!this.#terminal && elapsed < RARELY)) return;
    const rate = (snapshot.records_in - this.#last!.records_in) / elapsed * 1000;
    this.#last = snapshot;
    const line = describe(snapshot, rate);
    if (!this.#terminal) return this.log(line);
    this.#shown = line.slice(0, Deno.consoleSize().columns - 1);
    this.#write(CLEAR + this.#shown);
  }

  #write(text: string): void {
    const bytes = this.#encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  }
}

/** The progress line. `rate` in records a second. */
function describe(snapshot: MetricsSnapshot, rate: number): string {
  const { records_in, outputs, lag, watermark, commit_ms, latency_ms, trouble } = snapshot;
  const out = Object.values(outputs).reduce((sum, count) => sum + count, 0);
  const parts = [
    `${number(records_in)} in`,
    `${number(out)} out`,
    `${number(rate)}/s`,
    `lag ${Number.isNaN(lag) ? "unknown" : number(lag)}`,
    `watermark ${watermark === undefined ? "none" : time(watermark)}`,
    `commit ${short(commit_ms.p50)} ms`,
    `latency ${short(latency_ms.p50)} ms`,
  ];
  return (trouble === undefined ? parts : [`waiting: ${trouble}`, ...parts]).join("  ");
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A duration with two significant digits, because it varies from call to call. */
function short(ms: number): string {
  return ms < 10 ? ms.toPrecision(2) : ms.toFixed(0);
}

/** The time of day in UTC. A watermark may be any number, so also one outside the range of `Date`. */
function time(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : `${date.toISOString().slice(11, 19)}Z`;
}
