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
  const order = new Order((cause) => {
    stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    out.error(new Error(`Cannot read "${topic}": ${reason}`, { cause }));
  });

  function stop(): void {
    stopped = true;
    order.stop();
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
        record: spec.prepare === undefined ? push : (record) => order.act(() => push(record), spec.prepare!(record)),
        // Records that arrived during a push are pushed before the stream completes.
        ended: () => order.act(() => task.after(() => out.complete())),
        failed: (error) => out.error(error),
      });
      if (stopped) handle.stop();
    },
    stop,
  };
}

/** Keeps what happens in order while a record waits for its codec. */
class Order {
  /** What waits: first the record whose codec is not prepared yet. */
  readonly #waiting: { readonly act: () => void; readonly prepared: Promise<unknown> | undefined }[] = [];
  #stopped = false;

  constructor(readonly failed: (cause: unknown) => void) {}

  /** Acts at once where nothing waits. */
  act(act: () => void, prepared?: Promise<unknown>): void {
    if (prepared === undefined && this.#waiting.length === 0) return act();
    // What waits behind one that fails is not looked at any more.
    prepared?.catch(() => {});
    if (this.#waiting.push({ act, prepared }) === 1) void this.#actInOrder();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #actInOrder(): Promise<void> {
    for (; this.#waiting.length > 0; this.#waiting.shift()) {
      const [{ act, prepared }] = this.#waiting;
      try {
        await prepared;
      } catch (error) {
        return this.#stopped ? undefined : this.failed(error);
      }
      if (this.#stopped) return;
      act();
    }
  }
}
