/**
 * One broker for a whole run of tests.
 *
 * `deno test` runs each file in a thread with its own modules, so a broker that a file starts cannot outlive the file.
 * So the program that runs the tests keeps the broker. It starts the broker at the first request, and tells its address
 * to every client of a port of 127.0.0.1, which an environment variable names.
 */
import type { Broker, SharedBroker } from "./kinds.ts";

const AGENT = "TIDEMARK_SHARED_BROKER";

/** The keeper of the shared broker, and the environment that lets tests find it. */
export interface SharedBrokerKeeper extends AsyncDisposable {
  readonly env: Record<string, string>;
}

/** Keeps one broker for all tests that are run with `env`; `start` is called when the first one asks. */
export function keepSharedBroker(start: () => Promise<SharedBroker & Partial<Broker>>): SharedBrokerKeeper {
  let broker: Promise<SharedBroker & Partial<Broker>> | undefined;
  const abort = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: abort.signal, onListen: () => {} }, async () => {
    try {
      broker ??= start();
      const { kind, brokers } = await broker;
      return Response.json({ kind, brokers });
    } catch (error) {
      return new Response(error instanceof Error ? error.message : String(error), { status: 500 });
    }
  });
  return {
    env: { [AGENT]: `http://127.0.0.1:${server.addr.port}/` },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await server.finished;
      const started = await broker?.catch(() => undefined);
      await started?.[Symbol.asyncDispose]?.();
    },
  };
}

/** Asks the keeper for the shared broker; `undefined` if these tests were started without one. */
export async function askForSharedBroker(): Promise<SharedBroker | undefined> {
  const agent = Deno.env.get(AGENT);
  if (!agent) return undefined;
  const answer = await fetch(agent);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text);
}
