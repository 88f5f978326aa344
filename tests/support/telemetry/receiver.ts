/** Receives what OpenTelemetry exports as http/json. */

/** An attribute as OTLP writes it. */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly doubleValue?: number; readonly intValue?: string };
}

/** One point of a metric. */
export interface Point {
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly value: number | undefined;
  readonly bounds: readonly number[] | undefined;
  readonly count: number | undefined;
}

/** A span. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string }[];
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A server for exporters. */
export class Receiver implements AsyncDisposable {
  /** Everything that came, as text. */
  readonly texts: string[] = [];
  /** The newest points of each metric, with its unit. */
  readonly metrics = new Map<string, { readonly unit: string; readonly points: readonly Point[] }>();
  readonly spans: ReceivedSpan[] = [];
  /** The names of the meters and tracers, with their versions. */
  readonly scopes = new Set<string>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const text = await request.text();
      this.texts.push(text);
      this.#take(JSON.parse(text));
      for (const look of [...this.#waiting]) look();
      return Response.json({});
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Resolves when a condition holds. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  // deno-lint-ignore no-explicit-any -- the JSON of OTLP
  #take({ resourceMetrics = [], resourceSpans = [] }: any): void {
    for (const { scopeMetrics = [] } of resourceMetrics) {
      for (const { scope, metrics } of scopeMetrics) {
        if (metrics.length > 0) this.scopes.add(`${scope.name} ${scope.version}`);
        for (const { name, unit, ...rest } of metrics) {
          const { dataPoints } = rest.sum ?? rest.gauge ?? rest.histogram;
          this.metrics.set(name, { unit, points: dataPoints.map(pointOf) });
        }
      }
    }
    for (const { scopeSpans = [] } of resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        this.scopes.add(`${scope.name} ${scope.version}`);
        this.spans.push(...spans.map((span: ReceivedSpan & { attributes: Attribute[] }) => {
          return { ...span, attributes: flat(span.attributes) };
        }));
      }
    }
  }
}

// deno-lint-ignore no-explicit-any -- the JSON of OTLP
function pointOf({ attributes, asDouble, asInt, explicitBounds, count }: any): Point {
  const value = asDouble ?? (asInt === undefined ? undefined : Number(asInt));
  return { attributes: flat(attributes), value, bounds: explicitBounds, count: Number(count) };
}

function flat(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(attributes.map(({ key, value: { stringValue, doubleValue, intValue } }) => {
    return [key, stringValue ?? doubleValue ?? Number(intValue)];
  }));
}
