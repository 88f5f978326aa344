/** A member of a group that records all calls to its handler, on a real or simulated Kafka. */
import type {
  Batch,
  Bounds,
  Connection,
  InputRecord,
  Reader,
  ReaderTrouble,
  StartOffset,
} from "../../connectors/connector.ts";
import { countPartitions } from "./recording_reader.ts";
import { layOut } from "../../runtime/task_layout.ts";
import { PATIENCE } from "./patience.ts";

/** How a {@linkcode Member} joins. */
export interface MemberOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly tasks?: "perPartition" | "single";
  /** The partitions that the job was created with. @default all partitions of the topics */
  readonly partitions?: ReadonlyMap<string, number>;
  /** @default "first" */
  readonly incarnation?: string;
  readonly remembered?: string;
  readonly missing?: (wanted: number, bounds: Bounds) => number;
  /** Awaited before an assignment begins. When it throws, `assigned` throws. */
  readonly onAssigned?: (alive: () => Promise<void>) => Promise<void>;
}

/** A member of a group. It records every call to its handler as text, in order. */
export class Member {
  readonly events: string[] = [];
  readonly batches: Batch[] = [];
  readonly records: InputRecord[] = [];
  readonly troubles: (readonly [ReaderTrouble, string | undefined])[] = [];
  /** Troubles that have begun and not ended. */
  readonly inTrouble = new Map<ReaderTrouble, string>();
  readonly missed: { readonly wanted: number; readonly bounds: Bounds }[] = [];
  owned: readonly number[] = [];
  alive: () => Promise<void> = () => Promise.reject(new Error("not assigned"));
  remembered: string | undefined;
  failure: Error | undefined;
  /** Awaited by `revoking`. */
  onRevoking: () => Promise<void> = () => Promise.resolve();
  reader!: Reader;
  readonly #positions = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  static async join(connection: Connection, options: MemberOptions): Promise<Member> {
    const member = new Member();
    member.reader = await connection.reader({
      group: options.group,
      worker: undefined,
      topics: options.topics,
      layout: layOut(
        options.tasks ?? "perPartition",
        options.partitions ?? await countPartitions(connection, options.topics),
      ),
      incarnation: options.incarnation ?? "first",
      remembered: options.remembered,
      remember: (text) => Promise.resolve(void (member.remembered = text)),
    }, {
      assigned: (partitions, alive) => member.#assigned(options, partitions, alive),
      revoking: async () => {
        member.#note("revoking");
        await member.onRevoking();
        member.#note("revoked");
      },
      batch: (batch) => {
        member.batches.push(batch);
        member.records.push(...batch.records);
        member.#positions.set(`${batch.topic}/${batch.partition}`, batch.position);
        member.tell();
      },
      missing: (_topic, partition, wanted, bounds) => {
        member.missed.push({ wanted, bounds });
        member.#note(`missing ${partition}@${wanted}`);
        if (options.missing === undefined) return Promise.reject(new Error(`offset ${wanted} is gone`));
        return Promise.resolve(options.missing(wanted, bounds));
      },
      trouble: (kind, error) => {
        member.troubles.push([kind, error?.message]);
        if (error) member.inTrouble.set(kind, error.message);
        else member.inTrouble.delete(kind);
        member.#note(error ? `trouble: ${kind}` : `no trouble: ${kind}`);
      },
      failed: (error) => {
        member.failure = error;
        member.#note("failed");
      },
    });
    return member;
  }

  /** Resolves when a condition holds, which is checked at each call. A failure of the reader rejects. */
  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(deadline);
        this.#waiting.delete(look);
        then();
      };
      const look = () => {
        if (holds()) settle(resolve);
        else if (this.failure) settle(() => reject(this.failure));
      };
      const deadline = setTimeout(
        () => settle(() => reject(new Error(`Waited for ${what} in vain; what came: ${this.events.join(", ")}`))),
        PATIENCE,
      );
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when exactly these tasks are assigned. */
  owns(tasks: readonly number[]): Promise<void> {
    return this.until(`the tasks ${tasks}`, () => String(this.owned) === String(tasks));
  }

  /** How often this event has come. */
  times(event: string): number {
    return this.events.filter((one) => one === event).length;
  }

  async #assigned(
    options: MemberOptions,
    partitions: readonly number[],
    alive: () => Promise<void>,
  ): Promise<StartOffset[]> {
    await options.onAssigned?.(alive);
    this.owned = partitions;
    this.alive = alive;
    this.#note(`assigned ${partitions}`);
    const everything = Array.from({ length: 32 }, (_, index) => index);
    const read = options.tasks === "single" ? (partitions.length > 0 ? everything : []) : partitions;
    return options.topics.flatMap((topic) =>
      read.map((partition) => ({ topic, partition, offset: this.#positions.get(`${topic}/${partition}`) ?? 0 }))
    );
  }

  #note(event: string): void {
    this.events.push(event);
    this.tell();
  }

  /** Checks the awaited conditions again. */
  tell(): void {
    for (const look of [...this.#waiting]) look();
  }
}
