/**
 * Traces of a job: a span for each commit, with the time since its first record was pushed, and one for each
 * transaction, linked to the commits whose results it publishes.
 *
 * @module
 */
import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { CommitStep, SendStep, WorkStep } from "../runtime/work_steps.ts";
import { ATTRIBUTES, MESSAGING } from "./_names.ts";
import { SLOW_MS, SpanBudget } from "./span_budget.ts";
import { linksOf } from "./traceparent.ts";

/** How many commits are remembered for the links of transactions. */
const COMMITS = 256;

/** How many links a span of a transaction may have. */
const LINKS = 32;

/** Makes the spans of one job. */
export class Traces {
  readonly #budget = new SpanBudget();
  /** Links to the newest commits that have a span, by their number. */
  readonly #commits = new Map<number, Link>();

  constructor(readonly tracer: Tracer, readonly job: string) {}

  add(step: WorkStep): void {
    if (step.kind === "commit") this.#commit(step);
    else if (step.kind === "send") this.#send(step);
  }

  #commit(step: CommitStep): void {
    if (!this.#wants(step, 2)) return;
    const { ended, took, pushed, error, traceparents } = step;
    const span = this.tracer.startSpan(`epoch ${this.job}`, {
      kind: SpanKind.INTERNAL,
      startTime: ended - took - pushed,
      links: linksOf(traceparents),
      attributes: {
        [ATTRIBUTES.job]: this.job,
        [ATTRIBUTES.epoch]: step.epoch,
        [ATTRIBUTES.tasks]: step.tasks,
        [ATTRIBUTES.records]: step.records,
        [ATTRIBUTES.results]: step.results,
        [ATTRIBUTES.bytes]: step.bytes,
      },
    }, ROOT_CONTEXT);
    const operation = { [MESSAGING.operation]: "commit", [MESSAGING.operationType]: "settle" };
    const child = this.tracer.startSpan(
      "commit",
      { kind: SpanKind.INTERNAL, startTime: ended - took, attributes: operation },
      trace.setSpan(ROOT_CONTEXT, span),
    );
    end(child, ended, error);
    end(span, ended, error);
    if (error === undefined) this.#remember(step.commit, { context: span.spanContext() });
  }

  #send(step: SendStep): void {
    if (!this.#wants(step, 1)) return;
    const { ended, took, error, topics, records, epochs, commits } = step;
    const [topic] = topics;
    const attributes: Attributes = {
      [ATTRIBUTES.job]: this.job,
      [ATTRIBUTES.epochs]: epochs,
      [MESSAGING.system]: "kafka",
      [MESSAGING.operation]: "send",
      [MESSAGING.operationType]: "send",
      [MESSAGING.batch]: records,
    };
    if (topics.length === 1) attributes[MESSAGING.destination] = topic;
    const span = this.tracer.startSpan(topics.length === 1 ? `send ${topic}` : "send", {
      kind: SpanKind.PRODUCER,
      startTime: ended - took,
      links: commits.flatMap((commit) => this.#commits.get(commit) ?? []).slice(-LINKS),
      attributes,
    }, ROOT_CONTEXT);
    end(span, ended, error);
  }

  /** Whether a step gets its spans: all that are slow or have failed do, and of the others some in each second. */
  #wants({ took, error, ended }: CommitStep | SendStep, spans: number): boolean {
    return error !== undefined || took >= SLOW_MS || this.#budget.takes(spans, ended);
  }

  #remember(commit: number, link: Link): void {
    this.#commits.set(commit, link);
    if (this.#commits.size <= COMMITS) return;
    const [oldest] = this.#commits.keys();
    this.#commits.delete(oldest);
  }
}

function end(span: Span, at: number, error: Error | undefined): void {
  if (error !== undefined) {
    span.setAttribute(MESSAGING.errorType, error.name);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end(at);
}
