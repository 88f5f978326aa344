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
  /** What came while a record waits for its codec, in order, with that record first. */
  const waiting: { readonly prepared: Promise<unknown> | undefined; readonly act: () => void }[] = [];

  /** Acts at once, or behind what waits. */
  function act(prepared: Promise<unknown> | undefined, act: () => void): void {
    if (prepared === undefined && waiting.length === 0) return act();
    // Whatever waits behind one that fails is not looked at any more.
    prepared?.catch(() => {});
    if (waiting.push({ prepared, act }) === 1) void actInOrder();
  }

  async function actInOrder(): Promise<void> {
    for (; waiting.length > 0; waiting.shift()) {
      try {
        await waiting[0].prepared;
      } catch (cause) {
        stop();
        return out.error(
          new Error(`Cannot read "${topic}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause }),
        );
      }
      if (stopped) return;
      waiting[0].act();
    }
  }

  function stop(): void {
    stopped = true;
    handle?.stop();
  }

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
        record: spec.prepare === undefined ? push : (record) => act(spec.prepare!(record), () => push(record)),
        // Records that arrived during a push are pushed before the stream completes.
        ended: () => act(undefined, () => task.after(() => out.complete())),
        failed: (error) => out.error(error),
      });
      if (stopped) handle.stop();
    },
    stop,
  };
}
