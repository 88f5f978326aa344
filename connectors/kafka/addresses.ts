/**
 * Addresses of brokers as text: `localhost:9092`, `10.0.0.1:9092`, `[::1]:9092`.
 *
 * @module
 */

import type { Address } from "./transport.ts";

/** Writes an address as text. */
export function showAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads an address.
 *
 * @throws {TypeError} when it has no port, or an IPv6 address has no brackets
 */
export function parseAddress(text: string): Address {
  const match = typeof text === "string"
    ? /^(?:\[([\da-fA-F:.]+(?:%\w+)?)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text)
    : null;
  const port = Number(match?.[3]);
  if (match !== null && port >= 1 && port <= 65_535) return { host: match[1] ?? match[2], port };
  throw new TypeError(
    `Cannot use Kafka: a broker must be host:port or [IPv6]:port, current value is ${JSON.stringify(text)}`,
  );
}
