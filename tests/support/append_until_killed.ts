/**
 * A process that appends batches to an embedded log until it is killed, and prints which batches became durable.
 *
 * Batch `n` has `sizeOf(n)` records in four partitions, and each record contains `n`. Argument: the KV's file.
 */
import { headerOf } from "../../connectors/headers.ts";
import { acquireLock } from "../../state/file_lock.ts";
import { embeddedLog } from "../../connectors/embedded/log.ts";

/** How many records batch `n` has: few, many, or so much that one atomic cannot hold them. */
export function sizeOf(batch: number): number {
  return batch % 3 === 0 ? 7 : batch % 3 === 1 ? 900 : 41;
}

/** Whether batch `n` is larger than an atomic of Deno KV. */
export function takesSeveral(batch: number): boolean {
  return sizeOf(batch) * paddingOf(batch) > 819_200;
}

/** How many bytes of padding a record of batch `n` has. */
export function paddingOf(batch: number): number {
  return batch % 3 === 2 ? 70_000 : 100;
}

if (import.meta.main) {
  const [path] = Deno.args;
  const lock = await acquireLock(path, { job: "appender" });
  if (lock.heldBy !== undefined) throw new Error(`The log is held by ${lock.heldBy}.`);
  const kv = await Deno.openKv(path);
  const log = embeddedLog(kv);
  await log.create("events", { partitions: 4 });
  let batch = 0;
  for await (const { headers } of log.read("events")) {
    batch = Math.max(batch, Number(new TextDecoder().decode(headerOf(headers, "batch")!)) + 1);
  }
  console.log(`from ${batch}`);
  for (;; batch++) {
    const headers = { batch: `${batch}` };
    const value = new Uint8Array(paddingOf(batch));
    const records = Array.from({ length: sizeOf(batch) }, (_, index) => ({ partition: index % 4, value, headers }));
    await log.append("events", records);
    console.log(`done ${batch}`);
  }
}
