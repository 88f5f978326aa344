/** The ports that were given out. Their programs may not listen yet, so that they look free. */
const given = new Set<number>();

/**
 * Finds a free port of 127.0.0.1, another one with each call.
 *
 * The port lies below the range from which the system takes the local ports of outgoing connections. Inside of that
 * range, a client that tries to reconnect to a killed broker can be given the broker's own port, connect to itself, and
 * keep the broker from starting again.
 */
export function freePort(): number {
  const LOWEST = 15_000;
  const highest = firstEphemeralPort() - 1;
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST));
    if (given.has(port) || !isFree(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`Cannot find a free port between ${LOWEST} and ${highest}: 200 tries found each one taken`);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

function firstEphemeralPort(): number {
  try {
    return Number(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range").split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}
