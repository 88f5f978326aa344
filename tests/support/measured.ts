/** Measurements that a test makes up. */
import type { DurationCounts, Measurements } from "@tidemark/streams";

const none: DurationCounts = { bounds: [1, 2500], counts: [0, 0, 0], count: 0, sum: 0 };

/** Those of a worker that has done nothing yet, except for what is given. */
export function measured(given: Partial<Measurements> = {}): Measurements {
  return {
    ...{ job: "orders", worker: undefined, at: 0, ended: undefined, epochs: 0, loopAge: 0, outbox: 0 },
    counts: { source: {}, sink: {}, late: {}, deadLetter: {}, missing: {} },
    ...{ commit: none, publish: none, latency: none },
    time: { push: 0, commit: 0, publish: 0, input: 0, other: 0 },
    ...{ partitions: [], watermarks: [], states: [], waits: [] },
    tasks: { owned: 0, waiting: 0, finished: 0 },
    ...given,
  };
}
