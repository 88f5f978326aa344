/** Spans of commits and transactions: their names, times and links, and how many there are. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Span, SpanOptions, Tracer } from "@opentelemetry/api";
import type { CommitStep, SendStep } from "@tidemark/streams";
import { SpanBudget } from "../telemetry/span_budget.ts";
import { linkOf, linksOf } from "../telemetry/traceparent.ts";
import { Traces } from "../telemetry/traces.ts";

/** A span that was made, and what it was told. */
interface Made extends SpanOptions {
  readonly name: string;
  ended?: number;
  status?: string;
}

/** A tracer that remembers its spans. */
function remembering(): { readonly made: Made[]; readonly traces: Traces } {
  const made: Made[] = [];
  const tracer = {
    startSpan(name: string, options: SpanOptions = {}): Span {
      const one: Made = { name, ...options, attributes: { ...options.attributes } };
      made.push(one);
      const context = { traceId: "1".repeat(32), spanId: String(made.length).padStart(16, "0"), traceFlags: 1 };
      return {
        spanContext: () => context,
        setAttribute: (key: string, value: string) => one.attributes![key] = value,
        setStatus: ({ message }: { message: string }) => one.status = message,
        end: (at: number) => one.ended = at,
      } as unknown as Span;
    },
  } as unknown as Tracer;
  return { made, traces: new Traces(tracer, "orders") };
}

const commit = (number: number, given: Partial<CommitStep> = {}): CommitStep => ({
  ...{ kind: "commit", commit: number, ended: 10_000, took: 20, pushed: 30, epoch: 7, tasks: 2, error: undefined },
  ...{ records: 5, results: 3, bytes: 90, traceparents: [], ...given },
});

const send = (given: Partial<SendStep> = {}): SendStep => ({
  ...{ kind: "send", ended: 10_500, took: 40, error: undefined, topics: ["out"], epochs: 2, records: 3, commits: [1] },
  ...given,
});

describe("the spans of a job", () => {
  it("are an epoch since its first record was pushed, with its commit, and a transaction linked to it", () => {
    const { made, traces } = remembering();
    traces.add(commit(1));
    traces.add(send({ commits: [1, 99] }));
    assertEquals(made.map(({ name, startTime, ended }) => [name, startTime, ended]), [
      ["epoch orders", 9950, 10_000],
      ["commit", 9980, 10_000],
      ["send out", 10_460, 10_500],
    ]);
    assertEquals(made[0].attributes, {
      ...{ "tidemark.job": "orders", "tidemark.epoch": 7, "tidemark.tasks": 2, "tidemark.records": 5 },
      ...{ "tidemark.results": 3, "tidemark.bytes": 90 },
    });
    assertEquals(made[2].links?.map(({ context: { spanId } }) => spanId), ["0000000000000001"]);
    assertEquals(made[2].attributes, {
      ...{ "tidemark.job": "orders", "tidemark.epochs": 2, "messaging.system.name": "kafka" },
      ...{ "messaging.operation.name": "send", "messaging.operation.type": "send" },
      ...{ "messaging.batch.message_count": 3, "messaging.destination.name": "out" },
    });
  });

  it("name no topic where a transaction has several", () => {
    const { made, traces } = remembering();
    traces.add(send({ topics: ["a", "b"] }));
    assertEquals([made[0].name, made[0].attributes?.["messaging.destination.name"]], ["send", undefined]);
  });

  it("say why a step has failed", () => {
    const { made, traces } = remembering();
    traces.add(commit(1, { error: new RangeError("it is full") }));
    assertEquals(made.map(({ status, attributes }) => [status, attributes?.["error.type"]]), [
      ["it is full", "RangeError"],
      ["it is full", "RangeError"],
    ]);
  });

  it("are at most ten in a second, besides those of steps that are slow or have failed", () => {
    const { made, traces } = remembering();
    for (let n = 1; n <= 200; n++) traces.add(commit(n, { ended: 20_000 + n }));
    assertEquals(made.length, 10);
    traces.add(send({ ended: 20_300, took: 1000 }));
    traces.add(send({ ended: 20_300, error: new Error("away") }));
    traces.add(send({ ended: 20_300 }));
    assertEquals(made.length, 12);
    traces.add(commit(201, { ended: 21_000 }));
    assertEquals(made.length, 14);
  });
});

describe("the budget of spans", () => {
  it("begins anew with each second, and gives a step all of its spans or none", () => {
    const budget = new SpanBudget();
    assertEquals([9, 2, 1, 1].map((spans) => budget.takes(spans, 999)), [true, false, true, false]);
    assertEquals(budget.takes(10, 1000), true);
  });
});

describe("a traceparent header", () => {
  const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];

  it("is a link to the span that has sent the record", () => {
    assertEquals(linkOf(`00-${trace}-${span}-01`), {
      context: { traceId: trace, spanId: span, traceFlags: 1, isRemote: true },
    });
    assertEquals(linkOf(`cc-${trace}-${span}-00-what-will-be`)?.context.traceFlags, 0);
  });

  it("is no link where it is none", () => {
    for (
      const wrong of [
        "",
        `00-${trace}-${span}`,
        `00-${trace}-${span}-01-more`,
        `ff-${trace}-${span}-01`,
        `00-${"0".repeat(32)}-${span}-01`,
        `00-${trace}-${"0".repeat(16)}-01`,
        `00-${trace.toUpperCase()}-${span}-01`,
      ]
    ) assertEquals(linkOf(wrong), undefined, wrong);
  });

  it("that several records have is one link", () => {
    assertEquals(linksOf([`00-${trace}-${span}-01`, `00-${trace}-${span}-01`, "?"]).length, 1);
  });
});
