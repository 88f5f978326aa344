/**
 * `tableJoin` of every event with the account of its user. All accounts are there before the job begins, the last rows of
 * them in a transaction that is still open. So every event meets the last row, whatever happens to its task meanwhile.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { tableJoin } from "@tidemark/streams";
import type { OutputRecord } from "../../../connectors/connector.ts";
import { keyPartition } from "../../../connectors/partitioner.ts";
import type { Scenario } from "../scenario.ts";
import { BEGIN } from "../trace.ts";
import { type Event, USERS } from "../traffic.ts";
import type { Expected, FamilyRun, OwnFamily, Row, TableTopic } from "./family.ts";

const KNOWN = "known";

interface KnownRow extends Row {
  readonly n: number;
  readonly account: number | null;
}

const encoder = new TextEncoder();

const ACCOUNTS: TableTopic = {
  topic: "accounts",
  broadcast: false,
  partitions: ({ partitions }) => partitions,
  records(scenario) {
    const rows = (version: number) => USERS.map((user) => account(user, version, scenario));
    return { first: [...rows(1), ...rows(2)], held: rows(3) };
  },
};

function account(user: string, version: number, { partitions }: Scenario): OutputRecord {
  const key = encoder.encode(user), value = encoder.encode(JSON.stringify(version));
  // Later than those of the events: nothing but the job itself puts them before the first event.
  const timestamp = BEGIN + 1000;
  return { topic: ACCOUNTS.topic, partition: keyPartition(key, partitions), timestamp, key, value, headers: undefined };
}

export const known: OwnFamily = {
  name: KNOWN,
  share: 0.12,
  dice: 0xacc07,
  pipeline,
  tables: [ACCOUNTS],
  expected: (emit) => new Known(emit),
};

function pipeline(events: Observable<Event>, { open }: FamilyRun): Observable<KnownRow> {
  return events.pipe(
    tableJoin(open<number>(ACCOUNTS), {
      name: KNOWN,
      key: ({ user }) => user,
      type: "left",
      join: ({ user, n }, version): KnownRow => ({ user, n, account: version ?? null }),
    }),
  );
}

class Known implements Expected {
  constructor(readonly emit: (row: KnownRow) => void) {}

  add({ user, n }: Event): boolean {
    this.emit({ user, n, account: USERS.includes(user) ? 3 : null });
    return true;
  }

  end(): void {}
}
