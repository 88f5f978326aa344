/** Compares the records that a reader sees with the expected results, one by one. */
import { headerOf } from "../../connectors/headers.ts";
import type { InputRecord } from "../../connectors/connector.ts";
import type { MillionTruth } from "./million_truth.ts";

/** The example job's outputs. */
export type Output = "counts" | "activity" | "late" | "dead";

/** How many errors are printed. */
const MOST = 20;

export class MillionCheck {
  readonly seen: Record<Output, number> = { counts: 0, activity: 0, late: 0, dead: 0 };
  /** Descriptions of the first errors. */
  readonly wrong: string[] = [];
  /** How many errors there are. */
  wrongs = 0;
  readonly #counts = new Map<string, number>();
  readonly #minutes = new Map<string, number>();
  readonly #late = new Set<string>();

  constructor(readonly truth: MillionTruth) {}

  see(output: Output, { value, headers }: InputRecord): void {
    this.seen[output]++;
    if (output === "counts") this.#seeCount(JSON.parse(text(value)));
    else if (output === "activity") this.#seeMinute(JSON.parse(text(value)));
    else if (output === "late") this.#seeLate(text(headerOf(headers, "tidemark.source") ?? null).split("/").pop()!);
    else this.#wrong(`a dead letter: ${text(value)}`);
  }

  /** All records have been seen: results that are still missing are lost. */
  end(): void {
    for (const [user, count] of this.truth.counts) {
      const seen = this.#counts.get(user) ?? 0;
      if (seen !== count) this.#wrong(`${user} was counted to ${seen}, the truth is ${count}`);
    }
    for (const [place, { count }] of this.truth.minutes) {
      const seen = this.#minutes.get(place) ?? 0;
      if (seen !== count) this.#wrong(`the minute ${place} was counted to ${seen}, the truth is ${count}`);
    }
    for (const source of this.truth.late) if (!this.#late.has(source)) this.#wrong(`the late event ${source} is lost`);
  }

  /** Compares the job's own summary with the expected results. */
  summary(
    summary: Record<string, unknown>,
    topics: { output: string; activity: string; late: string },
    events: number,
  ): void {
    const outputs = summary.outputs as Record<string, number>;
    const said: [what: string, said: unknown, truth: number][] = [
      ["records_in", summary.records_in, events],
      ["counts", outputs[topics.output], events],
      ["results of minutes", outputs[topics.activity], this.truth.results],
      ["late outputs", outputs[topics.late], this.truth.late.size],
      ["late", summary.late, this.truth.late.size],
      ["dead_letters", summary.dead_letters, 0],
    ];
    for (const [what, value, truth] of said) {
      if (value !== truth) this.#wrong(`the summary says ${what} ${value}, the truth is ${truth}`);
    }
  }

  #seeCount({ user_id, event_count }: { user_id: string; event_count: number }): void {
    const before = this.#counts.get(user_id) ?? 0;
    if (event_count !== before + 1) this.#wrong(`${user_id} was counted to ${event_count} after ${before}`);
    this.#counts.set(user_id, event_count);
  }

  #seeMinute(row: { user_id: string; window_start_ms: number; event_count: number; pane: string }): void {
    const place = `${row.user_id}/${row.window_start_ms}`;
    const truth = this.truth.minutes.get(place);
    const before = this.#minutes.get(place);
    const count = before === undefined ? truth?.first : before + 1;
    const pane = before === undefined && truth?.onTime ? "onTime" : "late";
    if (row.event_count !== count || row.pane !== pane) {
      this.#wrong(
        `the minute ${place} has ${row.event_count} ${row.pane} after ${before}, the truth is ${count} ${pane}`,
      );
    }
    this.#minutes.set(place, row.event_count);
  }

  #seeLate(source: string): void {
    if (!this.truth.late.has(source) || this.#late.has(source)) {
      this.#wrong(`the event ${source} is late, or late again`);
    }
    this.#late.add(source);
  }

  #wrong(what: string): void {
    this.wrongs++;
    if (this.wrong.length < MOST) this.wrong.push(what);
  }
}

function text(bytes: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(bytes ?? undefined);
}
