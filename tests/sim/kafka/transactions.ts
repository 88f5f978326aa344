/**
 * The transaction coordinator, as of Apache Kafka 4 for clients of the first transaction protocol (an epoch lasts until the next
 * InitProducerId).
 *
 * Invariants: of a transactional id only the newest epoch may do anything. A decided end is written everywhere. A new
 * life begins only when the ends of all earlier lives are written.
 *
 * @module
 */
import type { ProducerIdentity } from "../../../connectors/kafka/driver.ts";
import type { Scheduler } from "../scheduler.ts";
import { SERVER } from "./codes.ts";
import type { OpenTransaction } from "./world.ts";

/** The epoch after which a producer gets a new id: the largest 16-bit integer less one. */
const LAST_EPOCH = 32_766;

/** `complete`: the last transaction has ended, and its end is written everywhere. */
type State = "empty" | "open" | "committing" | "aborting" | "complete";

interface Transaction {
  readonly id: string;
  producer: number;
  epoch: number;
  timeout: number;
  state: State;
  /** How the last transaction ended. */
  committed: boolean | undefined;
  partitions: Map<string, { readonly topic: string; readonly partition: number }>;
  groups: Set<string>;
  began: number;
  cancelTimeout: () => void;
  /** Control records that are not written yet. */
  left: number;
}

/** The end of a transaction, for its partitions and groups. */
export interface TransactionEnd {
  readonly producer: number;
  readonly epoch: number;
  readonly commit: boolean;
}

/** Writes the ends of transactions. Each method returns whether it could do so now. */
export interface EndWriter {
  writeToPartition(topic: string, partition: number, end: TransactionEnd): boolean;
  writeToGroup(group: string, end: TransactionEnd): boolean;
}

/** How long steps may take, in milliseconds. */
export interface TransactionDelays {
  readonly markerDelay: number;
  readonly timeoutNoticed: number;
}

/** The pause between two tries to write a control record while there is no leader, in milliseconds. */
const MARKER_RETRY = 25;

/** Coordinates the transactions of all transactional ids. Methods return Kafka's error code, or 0. */
export class Transactions {
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #writer: EndWriter;
  readonly #delays: TransactionDelays;
  /** The broker's `transaction.max.timeout.ms`. */
  longestTimeout = 900_000;
  readonly #transactions = new Map<string, Transaction>();
  #producers = 0;

  constructor({ scheduler, random, writer, delays }: {
    readonly scheduler: Scheduler;
    readonly random: () => number;
    readonly writer: EndWriter;
    readonly delays: TransactionDelays;
  }) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#writer = writer;
    this.#delays = delays;
  }

  /** Begins a new life of an id, or returns the code of a refusal. An open transaction is aborted first. */
  init(id: string, timeout: number): ProducerIdentity | number {
    if (timeout > this.longestTimeout) return SERVER.invalidTransactionTimeout;
    let transaction = this.#transactions.get(id);
    if (transaction === undefined) {
      transaction = this.#create(id);
      this.#transactions.set(id, transaction);
    } else if (transaction.state === "open") {
      this.#fenceAndAbort(transaction);
      return SERVER.concurrentTransactions;
    } else if (isEnding(transaction)) return SERVER.concurrentTransactions;
    if (transaction.epoch >= LAST_EPOCH) {
      transaction.producer = ++this.#producers;
      transaction.epoch = -1;
    }
    transaction.epoch++;
    transaction.timeout = timeout;
    transaction.state = "empty";
    return { transactionalId: id, producer: transaction.producer, epoch: transaction.epoch };
  }

  addPartitions(
    identity: ProducerIdentity,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): number {
    const found = this.#find(identity);
    if (typeof found === "number") return found;
    if (isEnding(found)) return SERVER.concurrentTransactions;
    this.#open(found);
    for (const one of partitions) found.partitions.set(`${one.topic}/${one.partition}`, one);
    return 0;
  }

  addGroup(identity: ProducerIdentity, group: string): number {
    const found = this.#find(identity);
    if (typeof found === "number") return found;
    if (isEnding(found)) return SERVER.concurrentTransactions;
    this.#open(found);
    found.groups.add(group);
    return 0;
  }

  /**
   * Whether this life may write to a partition or group in its transaction. Brokers check this before its first write.
   */
  verify(identity: ProducerIdentity, where: { readonly partition: string } | { readonly group: string }): number {
    const found = this.#find(identity);
    if (typeof found === "number") return found;
    if (isEnding(found)) return SERVER.concurrentTransactions;
    const added = "partition" in where ? found.partitions.has(where.partition) : found.groups.has(where.group);
    return found.state === "open" && added ? 0 : SERVER.invalidTransactionState;
  }

  /**
   * Decides a transaction. The answer comes when the decision is stored; control records are written a little later.
   */
  end(identity: ProducerIdentity, commit: boolean): number {
    const found = this.#find(identity);
    if (typeof found === "number") return found;
    switch (found.state) {
      case "open":
        this.#decide(found, commit);
        return 0;
      case "committing":
      case "aborting":
        return commit === found.committed ? SERVER.concurrentTransactions : SERVER.invalidTransactionState;
      case "complete":
        return commit === found.committed ? 0 : SERVER.invalidTransactionState;
      case "empty":
        return SERVER.invalidTransactionState;
    }
  }

  /** All transactions that are not finished. */
  open(): OpenTransaction[] {
    return [...this.#transactions.values()].flatMap(({ id, producer, epoch, state, partitions, groups, began }) =>
      state === "open" || state === "committing" || state === "aborting"
        ? [{
          transactionalId: id,
          producer,
          epoch,
          state,
          partitions: [...partitions.keys()],
          groups: [...groups],
          began,
        }]
        : []
    );
  }

  #create(id: string): Transaction {
    return {
      id,
      producer: ++this.#producers,
      epoch: -1,
      timeout: 0,
      state: "empty",
      committed: undefined,
      partitions: new Map(),
      groups: new Set(),
      began: 0,
      cancelTimeout: () => {},
      left: 0,
    };
  }

  #find({ transactionalId, producer, epoch }: ProducerIdentity): Transaction | number {
    const found = this.#transactions.get(transactionalId);
    if (found === undefined || found.producer !== producer) return SERVER.invalidProducerIdMapping;
    return found.epoch === epoch ? found : SERVER.invalidProducerEpoch;
  }

  #open(transaction: Transaction): void {
    if (transaction.state === "open") return;
    transaction.state = "open";
    transaction.committed = undefined;
    transaction.began = this.#scheduler.now;
    const noticed = transaction.timeout + this.#random() * this.#delays.timeoutNoticed;
    transaction.cancelTimeout = this.#scheduler.after(noticed, () => this.#fenceAndAbort(transaction));
  }

  /** Fences the producer first: its epoch ends before the abort is written anywhere. */
  #fenceAndAbort(transaction: Transaction): void {
    transaction.epoch++;
    this.#decide(transaction, false);
  }

  #decide(transaction: Transaction, commit: boolean): void {
    transaction.cancelTimeout();
    transaction.state = commit ? "committing" : "aborting";
    transaction.committed = commit;
    const end = { producer: transaction.producer, epoch: transaction.epoch, commit };
    const writes = [
      ...[...transaction.partitions.values()].map(({ topic, partition }) => () =>
        this.#writer.writeToPartition(topic, partition, end)
      ),
      ...[...transaction.groups].map((group) => () => this.#writer.writeToGroup(group, end)),
    ];
    transaction.left = writes.length;
    for (const write of writes) this.#writeLater(transaction, write, this.#markerDelay());
  }

  #writeLater(transaction: Transaction, write: () => boolean, delay: number): void {
    this.#scheduler.after(delay, () => {
      if (!write()) this.#writeLater(transaction, write, MARKER_RETRY);
      else if (--transaction.left === 0) {
        transaction.state = "complete";
        transaction.partitions = new Map();
        transaction.groups = new Set();
      }
    });
  }

  /** A delay that is mostly short and sometimes long. */
  #markerDelay(): number {
    return this.#random() ** 5 * this.#delays.markerDelay;
  }
}

/** Whether its end is decided, but not yet written everywhere. */
function isEnding({ state }: Transaction): boolean {
  return state === "committing" || state === "aborting";
}
