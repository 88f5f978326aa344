/**
 * Steps of a transaction. A step is repeated while its refusal certainly had no effect.
 *
 * @module
 */

import { pause } from "../../base/backoff.ts";
import type { TimerClock } from "../../base/clock.ts";
import type { Line, ProducerIdentity } from "./driver.ts";
import { CODE, hasCode, isPassing, KafkaError } from "./errors.ts";
import { ASK_LIMIT, CONCURRENT_TRANSACTION_PAUSE, REFUSED_AT_ONCE, REFUSED_STEP_LIMIT, RETRY_PAUSE } from "./limits.ts";
import { askUntil } from "./retry.ts";

const NO_COORDINATOR = [CODE.coordinatorLoading, CODE.coordinatorNotAvailable, CODE.notCoordinator];

/** Initialises a transactional id: earlier lives can no longer commit, and their open transactions are aborted. */
export async function initialise(
  line: Line,
  transactionalId: string,
  { clock, timeout, signal }: {
    readonly clock: TimerClock;
    readonly timeout: number;
    /** Ends the waits between the tries. */
    readonly signal?: AbortSignal;
  },
): Promise<ProducerIdentity> {
  // The coordinator refuses with code 51 while it aborts the open transaction of an earlier life.
  const retries = (error: unknown) => isPassing(error) || hasCode(error, CODE.concurrentTransactions);
  const ask = () => line.initProducer(transactionalId, timeout);
  return await askUntil(line, ask, { clock, limit: ASK_LIMIT, retries, signal });
}

/**
 * Repeats a step that is refused because the transaction before it is being completed, or because a coordinator moves
 * or is being created. The broker has answered, so the step certainly had no effect. The signal ends the pauses.
 */
export async function patiently(
  { clock, signal }: { readonly clock: TimerClock; readonly signal: AbortSignal },
  step: () => Promise<void>,
): Promise<void> {
  const deadline = clock.elapsed() + REFUSED_STEP_LIMIT;
  for (let refused = 1;; refused++) {
    try {
      return await step();
    } catch (error) {
      const unfinished = hasCode(error, CODE.concurrentTransactions);
      if (clock.elapsed() >= deadline || !(unfinished || NO_COORDINATOR.some((code) => hasCode(error, code)))) {
        throw error;
      }
      if (!unfinished) await pause(clock, RETRY_PAUSE.first, signal);
      // Completing a transaction takes about as long as a request, and the shortest timer takes longer than both.
      else if (refused > REFUSED_AT_ONCE) await pause(clock, CONCURRENT_TRANSACTION_PAUSE, signal);
    }
  }
}

/** Waits for all steps, so that no request is under way when the first failure is thrown. */
export async function settled(steps: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** The leaders of a topic's partitions. Throws when a partition has none. */
export function leadersOf(
  topic: string,
  places: readonly { readonly leader: string | undefined }[] | undefined,
): string[] {
  if (places === undefined) {
    throw new KafkaError(`there is no topic "${topic}"`, { kind: "broker", code: CODE.unknownTopicOrPartition });
  }
  return places.map(({ leader }) => {
    if (leader === undefined) {
      throw new KafkaError(`a partition of "${topic}" has no leader`, {
        kind: "broker",
        code: CODE.leaderNotAvailable,
      });
    }
    return leader;
  });
}
