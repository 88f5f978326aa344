/** Addresses that do not answer: a server that accepts connections and never answers, and one that drops packets. */

/** A silent address, until it is disposed of. */
export interface SilentAddress extends Disposable {
  readonly address: string;
}

/** A server that accepts connections and never reads from them. */
export class SilentServer implements SilentAddress, AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #taken: Deno.Conn[] = [];
  readonly #taking: Promise<void> = this.#take();

  get address(): string {
    return addressOf(this.#listener);
  }

  /** How many connections it has accepted. */
  get taken(): number {
    return this.#taken.length;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#taken) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.#taking;
  }

  async #take(): Promise<void> {
    for await (const connection of this.#listener) this.#taken.push(connection);
  }
}

/** A server with a full queue: connection packets are dropped silently, as by a firewall. */
export async function blackHole(): Promise<SilentAddress> {
  const backlog = 1;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: backlog });
  const { port } = listener.addr as Deno.NetAddr;
  // The queue holds one more than its length says.
  const inside = await Promise.all(
    Array.from({ length: backlog + 1 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  return {
    address: addressOf(listener),
    [Symbol.dispose]() {
      for (const connection of inside) connection.close();
      listener.close();
    },
  };
}

/** An address without a listener: a port that was just freed. */
export function closedPort(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return addressOf(listener);
}

function addressOf(listener: Deno.Listener): string {
  const { hostname, port } = listener.addr as Deno.NetAddr;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
