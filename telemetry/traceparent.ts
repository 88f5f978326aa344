/**
 * Links to the traces that input records belong to, by their `traceparent` headers (W3C Trace Context).
 *
 * @module
 */
import type { Link } from "@opentelemetry/api";

const HEADER = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A link to the trace that a header names; none where the header is not one. */
export function linkOf(header: string): Link | undefined {
  const [, version, traceId, spanId, flags, more] = HEADER.exec(header.trim()) ?? [];
  // Version 00 ends there; ff is no version, and zeros are no ids.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true } };
}

/** Links to all of these, each trace once. */
export function linksOf(headers: readonly string[]): Link[] {
  return [...new Set(headers)].flatMap((header) => linkOf(header) ?? []);
}
