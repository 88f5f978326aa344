/** Sets producer quotas of the brokers, in plain bytes, since no Kafka client for Node can. */
import { ask, Reading } from "./asking.ts";

const ALTER_CLIENT_QUOTAS = 49;
const encoder = new TextEncoder();

/** Limits every client to this many bytes per second. */
export async function limitProducers(address: string, bytesPerSecond: number): Promise<void> {
  const rate = new DataView(new ArrayBuffer(8));
  rate.setFloat64(0, bytesPerSecond);
  const text = (value: string) => [value.length + 1, ...encoder.encode(value)];
  // One entry: the default of all client ids, and one operation, each with no tagged fields.
  const entity = [2, ...text("client-id"), 0, 0];
  const operation = [2, ...text("producer_byte_rate"), ...new Uint8Array(rate.buffer), 0, 0];
  const body = new Uint8Array([2, ...entity, ...operation, 0, 0, 0]);
  const answer = new Reading(await ask(address, { key: ALTER_CLIENT_QUOTAS, version: 1 }, body));
  answer.int32(); // The throttle time.
  answer.list(() => {
    const error = answer.int16();
    if (error !== 0) throw new Error(`Cannot set a quota at ${address}: error code ${error}`);
    answer.string();
    answer.list(() => {
      answer.string();
      answer.string();
      answer.tags();
    });
    answer.tags();
  });
}
