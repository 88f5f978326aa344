/**
 * The events of each user behind a hop, where a stage refuses some of them. These go to the dead letters, which are in the
 * same topic as the results: each event has one row there, in order.
 *
 * @module
 */
import { keyedProcess, repartition, typed, value } from "@tidemark/streams";
import type { Event } from "../traffic.ts";
import type { OwnFamily, Row } from "./family.ts";

interface Counted extends Row {
  readonly n: number;
}

/** Whether the stage refuses an event. */
function refuses({ n }: Event): boolean {
  return n % 5 === 2;
}

export const refusals: OwnFamily = {
  name: "refusals",
  share: 0.1,
  dice: 0x4ef05,
  hops: ["refusals-by-user"],
  isLetter: (row) => "time" in row,
  pipeline: (events, { partitions }) =>
    events.pipe(
      repartition({ name: "refusals-by-user", key: ({ user }) => user, partitions: partitions + 1 }),
      keyedProcess({
        name: "refusals",
        key: ({ user }: Event) => user,
        state: { n: value<number>() },
        emits: typed<Row>(),
        next(event, { state, emit }) {
          if (refuses(event)) throw new RangeError(`event ${event.n} is refused`);
          const n = (state.n.get() ?? 0) + 1;
          state.n.set(n);
          emit({ user: event.user, n } as Counted);
        },
      }),
    ),
  expected: (emit) => {
    const counts = new Map<string, number>();
    return {
      add(event) {
        const { user } = event;
        if (refuses(event)) emit(event);
        else {
          counts.set(user, (counts.get(user) ?? 0) + 1);
          emit({ user, n: counts.get(user)! } as Counted);
        }
        return true;
      },
      end() {},
    };
  },
};
