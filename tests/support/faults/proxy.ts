/** A TCP proxy that makes a network slow, silent or cut. */

type Pair = readonly [Deno.Conn, Deno.Conn];

/** A proxy between clients and one address. It begins as a good network. */
export class Proxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #pairs = new Set<Pair>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  readonly #target: number;
  /** How long each piece of data is delayed, in milliseconds. */
  #delay = 0;
  #losing = false;
  #release: (() => void) | undefined;
  #open: Promise<void> = Promise.resolve();

  /** Listens at `port` of 127.0.0.1, and connects to `target` there. */
  constructor({ port, target }: { readonly port: number; readonly target: number }) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accepting = this.#accept();
  }

  /** Makes the network good again. Delayed data arrives now. */
  pass(): void {
    this.#delay = 0;
    this.#losing = false;
    this.#release?.();
    this.#release = undefined;
  }

  /** Delays every piece of data by this many milliseconds, in both directions. */
  slow(ms: number): void {
    this.#delay = ms;
  }

  /** Accepts connections and keeps them open, but forwards nothing. */
  silence(): void {
    if (this.#release !== undefined) return;
    this.#open = new Promise((resolve) => this.#release = resolve);
  }

  /** Forwards requests, and cuts the connection instead of answering. */
  loseAnswers(): void {
    this.#losing = true;
  }

  /** Cuts every present connection. New ones are good. */
  cut(): void {
    for (const pair of this.#pairs) this.#close(pair);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    this.pass();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const serving = this.#serve(client).finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
    } catch {
      return client.close();
    }
    client.setNoDelay(true);
    server.setNoDelay(true);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    await Promise.all([this.#pump(pair, client, server), this.#pump(pair, server, client)]);
    this.#close(pair);
  }

  /** Forwards data in one direction until one side has ended. */
  async #pump(pair: Pair, from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const length = await from.read(buffer);
        await this.#open;
        if (length === null) break;
        if (this.#losing && from === pair[1]) break;
        if (this.#delay > 0) await new Promise((resolve) => setTimeout(resolve, this.#delay));
        for (let sent = 0; sent < length;) sent += await to.write(buffer.subarray(sent, length));
      }
    } catch {
      // When one side is cut, the other one ends too.
    }
    // Data of a client that has ended may still be under way.
    if (from === pair[1]) this.#close(pair);
    else await to.closeWrite().catch(() => {});
  }

  #close(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    for (const side of pair) side.close();
  }
}
