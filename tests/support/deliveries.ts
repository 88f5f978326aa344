/** Deliveries as tests use them. */
import { assert } from "@std/assert";
import type { AfterCommit, Connection, DeliveryLife, InCommit, OutputRecord } from "../../connectors/connector.ts";

/** Delivery after the commit, of a connection that has it so. */
export function afterCommit({ delivery }: Connection): AfterCommit {
  assert(delivery.kind === "afterCommit", "this connection delivers after the commit");
  return delivery;
}

/** Delivery within the commit, of a connection that has it so. */
export function inCommit({ delivery }: Connection): InCommit {
  assert(delivery.kind === "inCommit", "this connection delivers within the commit");
  return delivery;
}

/** A delivery that is prepared for a job of that name with one task, if it was not before. */
export async function prepared(connection: Connection, name: string, tasks = 1): Promise<AfterCommit> {
  const delivery = afterCommit(connection);
  await delivery.prepare({ name, incarnation: "test", tasks });
  return delivery;
}

/** Makes rows visible as the next epoch of a task. */
export function deliver(life: DeliveryLife, rows: readonly OutputRecord[], epoch = 1, task = 0): Promise<void> {
  return life.publish([{ task, epoch, rows }]);
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
