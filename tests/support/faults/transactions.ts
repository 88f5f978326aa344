/**
 * The transaction coordinators' description of a transactional id. It is the only way to see from outside that a
 * transaction is open, and which broker coordinates it. No Kafka client for Node has this request, so it uses plain
 * bytes.
 */
import { ask, Reading } from "./asking.ts";

const LIST_TRANSACTIONS = 66;

/** A transactional id, as its coordinator describes it. */
export interface TransactionState {
  /** The index of its coordinator among the addresses. */
  readonly node: number;
  readonly transactionalId: string;
  /** `Ongoing`, `PrepareCommit`, `CompleteCommit`, `CompleteAbort` and so on. */
  readonly state: string;
}

/** All transactional ids with this beginning, from all brokers of a cluster that answer. */
export async function transactionsOf(addresses: readonly string[], beginning: string): Promise<TransactionState[]> {
  const found: TransactionState[] = [];
  for (const [node, address] of addresses.entries()) {
    // No filters: two empty compact arrays and no tagged fields.
    const answer = new Reading(await ask(address, { key: LIST_TRANSACTIONS, version: 0 }, new Uint8Array([1, 1, 0])));
    answer.int32(); // The throttle time.
    const error = answer.int16();
    if (error !== 0) throw new Error(`Cannot list the transactions of ${address}: error code ${error}`);
    answer.list(() => answer.string());
    answer.list(() => {
      const transactionalId = answer.string();
      answer.skip(8); // The producer id.
      const state = answer.string();
      answer.tags();
      if (transactionalId.startsWith(beginning)) found.push({ node, transactionalId, state });
    });
  }
  return found;
}
