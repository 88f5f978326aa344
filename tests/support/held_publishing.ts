/** A connector whose results are committed and do not become visible until a test says so. */
import type { Connector, DeliveryLife } from "../../connectors/connector.ts";

/** Holds the results of a connector back until the gate opens. To be called before a job opens it. */
export function holdPublishing(connector: Connector, gate: Promise<void>): void {
  const open = connector.open.bind(connector);
  connector.open = async (context) => {
    const connection = await open(context);
    const { delivery } = connection;
    if (delivery.kind !== "afterCommit") throw new TypeError("the results of this connector come with the commit");
    const held = (life: DeliveryLife): DeliveryLife => ({
      async publish(tasks, letter) {
        if (tasks.some(({ epochs }) => epochs.some(({ rows }) => rows.length > 0))) await gate;
        return await life.publish(tasks, letter);
      },
      close: () => life.close(),
    });
    return instead(connection, {
      delivery: instead(delivery, {
        open: async (owner) => held(await delivery.open(owner)),
        rehearse: async (owner, topics) => held(await delivery.rehearse(owner, topics)),
      }),
    });
  };
}

/** The same object with other members. */
function instead<T extends object>(original: T, members: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      if (name in members) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
