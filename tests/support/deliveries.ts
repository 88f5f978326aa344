/** Helpers for deliveries in tests. */
import type {
  AfterCommit,
  Connection,
  DeliveredTask,
  DeliveryLife,
  InCommit,
  OutputRecord,
  Published,
} from "../../connectors/connector.ts";

/** The delivery of a connection that delivers after the commit. */
export function afterCommit({ delivery }: Connection): AfterCommit {
  if (delivery.kind !== "afterCommit") throw new Error("This connection does not deliver after the commit");
  return delivery;
}

/** The delivery of a connection that delivers within the commit. */
export function inCommit({ delivery }: Connection): InCommit {
  if (delivery.kind !== "inCommit") throw new Error("This connection does not deliver within the commit");
  return delivery;
}

/** The delivery, prepared for a job of this name. */
export async function prepared(connection: Connection, name: string, tasks = 1): Promise<AfterCommit> {
  const delivery = afterCommit(connection);
  await delivery.prepare({ name, incarnation: "test", tasks });
  return delivery;
}

/** Nothing is published. */
export const UNPUBLISHED: Published = { epoch: 0, rows: 0, moved: 0 };

/** One epoch of one task, whose rows are to become visible. */
export function epochOf(rows: readonly OutputRecord[], epoch = 1, task = 0): DeliveredTask {
  return { task, from: { ...UNPUBLISHED, epoch: epoch - 1 }, epochs: [{ epoch, rows }] };
}

/** Makes rows visible as an epoch of a task, in as many transactions as are needed. */
export async function deliver(
  life: DeliveryLife,
  rows: readonly OutputRecord[],
  epoch = 1,
  task = 0,
): Promise<void> {
  let { from, ...rest } = epochOf(rows, epoch, task);
  do from = (await life.publish([{ ...rest, from }])).get(task)!; while (from.epoch < epoch);
}

/** The connection with another delivery. */
export function withDelivery(connection: Connection, change: Partial<AfterCommit>): Connection {
  const own = afterCommit(connection);
  const delivery = new Proxy(own, {
    get: (target, name) => change[name as keyof AfterCommit] ?? bound(target, name),
  });
  return new Proxy(connection, {
    get: (target, name) => name === "delivery" ? delivery : bound(target, name),
  });
}

function bound<T extends object>(target: T, name: string | symbol): unknown {
  const member = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}
