/**
 * Reads a topic without a job: in a notebook, a test, or to inspect the topic.
 *
 * @module
 */
import type { InputSlot } from "../operators/_scope.ts";
import { pushRecord } from "../operators/_source.ts";
import type { Task } from "../operators/_task.ts";
import type { InputRecord, PeekHandle, SourceSpec } from "./connector.ts";

interface Out<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

/** Connects a connector's `peek` to a task without a job: sets the task's registers and pushes. */
export function peekAt<T>(
  spec: SourceSpec<T>,
  task: Task,
  out: Out<T>,
): { slots: InputSlot[]; start(): void; stop(): void } {
  const { connector, topic } = spec;
  if (connector.peek === undefined) {
    throw new TypeError(`Cannot read "${topic}" without a job: ${connector.id} can only be read by run()`);
  }
  const slots: InputSlot[] = [];
  let handle: PeekHandle | undefined;
  let stopped = false;

  function push(record: InputRecord): void {
    let slot = slots.find((one) => one.partition === record.partition);
    if (slot === undefined) slots.push(slot = { slot: task.newSlot(), topic, partition: record.partition });
    let value: T;
    try {
      value = spec.decode(record);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return out.error(
        new TypeError(`Cannot read ${topic}/${record.partition}@${record.offset}: ${reason}`, { cause }),
      );
    }
    pushRecord(task, out, slot.slot, record, value);
  }

  return {
    slots,
    start() {
      handle = connector.peek!(topic, {
        partitions(count) {
          for (let partition = slots.length; partition < count; partition++) {
            slots.push({ slot: task.newSlot(), topic, partition });
          }
        },
        record: push,
        // Records that arrived during a push are pushed before the stream completes.
        ended: () => task.after(() => out.complete()),
        failed: (error) => out.error(error),
      });
      if (stopped) handle.stop();
    },
    stop() {
      stopped = true;
      handle?.stop();
    },
  };
}
