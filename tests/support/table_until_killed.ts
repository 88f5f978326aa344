/**
 * A job on the embedded log whose epochs have more table rows than an atomic takes. It kills itself at an atomic of such rows.
 *
 * Its argument is a {@linkcode TableJob} as JSON.
 */
import { map, mergeMap } from "rxjs";
import { embeddedLog, keyedReduce, kvTable, run } from "@tidemark/streams";

/** What the process is told. */
export interface TableJob {
  /** The path of the KV's file. */
  readonly path: string;
  /** It kills itself at the nth atomic of rows that follow their epoch, before it is sent or after it is done. */
  readonly dies?: { readonly nth: number; readonly when: "before" | "after" };
}

/** A row of the table. */
export interface Seat {
  /** How many orders its user had. */
  readonly orders: number;
}

export const INPUT = "orders";
export const COUNTS = "counts";
export const TABLE = "seats";
/** How many rows each order writes. */
export const SEATS = 1200;

if (import.meta.main) await main(JSON.parse(Deno.args[0]));

async function main({ path, dies }: TableJob): Promise<void> {
  const opened = await Deno.openKv(path);
  const kv = dies === undefined ? opened : killing(opened, dies);
  const log = embeddedLog(kv, { path });
  const counts = log.source<{ user: string }>(INPUT, { tombstones: "refuse" }).pipe(
    keyedReduce({ name: COUNTS, key: ({ user }) => user, initial: 0, reduce: (orders) => orders + 1 }),
    map(({ key, value }) => ({ user: key, orders: value })),
    log.sink(COUNTS, { key: ({ user }) => user }),
    mergeMap(({ user, orders }) => Array.from({ length: SEATS }, (_, seat) => ({ user, seat, orders }))),
    kvTable([TABLE], { key: ({ user, seat }) => [user, seat], value: ({ orders }): Seat => ({ orders }) }),
  );
  const job = await run(counts, { name: "job", state: kv, log: console.log });
  await job.finished;
  opened.close();
}

/** The KV, which kills its process as it is told. */
function killing(kv: Deno.Kv, { nth, when }: NonNullable<TableJob["dies"]>): Deno.Kv {
  let left = nth;
  const atomicOf = () => {
    const atomic = kv.atomic();
    let rows = 0, others = 0;
    const proxy = new Proxy(atomic, {
      get(target, name) {
        const member = Reflect.get(target, name, target);
        if (name === "set") {
          return (key: Deno.KvKey, value: unknown) => {
            if (key[0] === TABLE) rows++;
            else others++;
            target.set(key, value);
            return proxy;
          };
        }
        if (name === "check") {
          return (...checks: Deno.AtomicCheck[]) => {
            target.check(...checks);
            return proxy;
          };
        }
        if (name !== "commit") return typeof member === "function" ? member.bind(target) : member;
        return async () => {
          const aimed = rows > 0 && others === 0 && --left === 0;
          if (aimed && when === "before") Deno.kill(Deno.pid, "SIGKILL");
          const result = await target.commit();
          if (aimed) Deno.kill(Deno.pid, "SIGKILL");
          return result;
        };
      },
    });
    return proxy;
  };
  return new Proxy(kv, {
    get(target, name) {
      if (name === "atomic") return atomicOf;
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
