/**
 * The tables as server-sent events: what is there when a page begins to listen, and then each change.
 */
import { FOR_YOU, TRENDING } from "../recommendations/pipeline.ts";
import { VISITS } from "./visit.ts";

/** The most pages that may listen at once. */
const MOST_STREAMS = 64;
/** How soon a page that has lost the stream comes back, in milliseconds. */
const COME_BACK = 500;

/** A row that a page follows, and the event that carries it. */
interface Followed {
  readonly key: Deno.KvKey;
  readonly event: "for_you" | "visit" | "trending";
  /** The category of what trends. */
  readonly category?: string;
}

/** The streams of all pages that are open. */
export class Streams {
  readonly #kv: Deno.Kv;
  readonly #categories: readonly string[];
  readonly #watching = new Set<ReadableStreamDefaultReader<unknown>>();
  #closed = false;

  /** `categories` are those whose trends a page follows: eight at most, as Deno KV watches ten keys. */
  constructor(kv: Deno.Kv, categories: readonly string[]) {
    this.#kv = kv;
    this.#categories = categories;
  }

  /** How many pages are listening. */
  get size(): number {
    return this.#watching.size;
  }

  /** The stream for a page of this shopper. Events carry rows as JSON; `null` is a row that is not there. */
  respond(shopper: string): Response {
    if (this.#closed || this.size >= MOST_STREAMS) return new Response("Too many pages are open.", { status: 503 });
    const followed = this.#followedBy(shopper);
    const changes = this.#kv.watch<unknown[]>(followed.map(({ key }) => key)).getReader();
    this.#watching.add(changes);
    const sent: (string | null | undefined)[] = followed.map(() => undefined);
    const encoder = new TextEncoder();
    let greeting = `retry: ${COME_BACK}\n\n`;

    // Nothing is queued: a page that reads slowly gets the newest rows when it is ready, and skips those between.
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        for (;;) {
          const { done, value: entries } = await changes.read();
          if (done) {
            this.#watching.delete(changes);
            return controller.close();
          }
          let text = greeting;
          entries.forEach(({ versionstamp, value }, index) => {
            if (sent[index] === versionstamp) return;
            sent[index] = versionstamp;
            const { event, category } = followed[index];
            text += `event: ${event}\ndata: ${JSON.stringify({ category, row: value })}\n\n`;
          });
          greeting = "";
          if (text !== "") return controller.enqueue(encoder.encode(text));
        }
      },
      cancel: () => {
        this.#watching.delete(changes);
        return changes.cancel();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  /** Ends all streams, because a server that shuts down waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#watching].map((changes) => changes.cancel()));
  }

  #followedBy(shopper: string): Followed[] {
    return [
      { key: [...FOR_YOU, shopper], event: "for_you" },
      { key: [...VISITS, shopper], event: "visit" },
      ...["all", ...this.#categories].map((category) => {
        return { key: [...TRENDING, category], event: "trending", category } as const;
      }),
    ];
  }
}
