/** A function for each record of a key, with states and timers. */
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { from, map as mapped, Subject, tap } from "rxjs";
import {
  keyedProcess,
  list,
  map,
  type ProcessContext,
  type ProcessOptions,
  recordInfo,
  typed,
  value,
} from "@tidemark/streams/operators";
import { at, type Event, events, outcome, perTen, strict } from "./support/events.ts";

const byUser = (event: Event) => event.user;

/** What comes out for the events of one user, with a strict watermark. */
function processed<S>(
  times: readonly number[],
  options: Omit<ProcessOptions<Event, string, S, unknown>, "key">,
): unknown[] {
  return outcome(from(events(...times)).pipe(at, strict(), keyedProcess({ key: byUser, ...options }))).values;
}

describe("keyedProcess()", () => {
  it("calls next for each value with its key and its states, whose types it knows", () => {
    const rows = [{ user: "ada", at: 1 }, { user: "bob", at: 2 }, { user: "ada", at: 3 }];
    const result = outcome(
      from(rows).pipe(
        at,
        keyedProcess({
          key: byUser,
          state: { count: value<number>(), times: list<number>(), by: map<string, { n: number }>() },
          emits: typed<{ user: string; count: number; times: number[]; by: [string, { n: number }][] }>(),
          next(event, { key, state: { count, times, by }, emit, time }) {
            count.set((count.get() ?? 0) + 1);
            times.append(time);
            by.set(`at ${event.at}`, { n: event.at });
            emit({ user: key, count: count.get()!, times: times.values(), by: by.entries() });
          },
        }),
        mapped(({ user, count, times, by }) => [user, count, times, by.map(([name, { n }]) => `${name}: ${n}`)]),
      ),
    );
    assertEquals(result.values, [
      ["ada", 1, [1], ["at 1: 1"]],
      ["bob", 1, [2], ["at 2: 2"]],
      ["ada", 2, [1, 3], ["at 1: 1", "at 3: 3"]],
    ]);
  });

  it("passes one context for the whole stage, whose parts can be taken out of it", () => {
    const contexts = new Set<unknown>();
    processed([1, 2, 30], {
      next: (_, context) => (contexts.add(context), context.timers.set(5)),
      timer: (_, context) => void contexts.add(context),
    });
    assertEquals(contexts.size, 1);
  });

  it("says the time, the watermark and the wall clock", () => {
    const seen: unknown[] = [];
    const began = Date.now();
    processed([5, 3, 9], {
      next(_, { time, watermark, now }) {
        seen.push([time, watermark < -1e15 ? "none" : watermark]);
        assertEquals(now >= began && now <= Date.now(), true);
        return;
      },
    });
    assertEquals(seen, [[5, "none"], [3, 4], [9, 4]]);
  });

  it("emits with the time of the record or timer, or with another", () => {
    const times: unknown[] = [];
    from(events(5, 20)).pipe(
      at,
      strict(),
      keyedProcess({
        key: byUser,
        next(_, { timers, emit, time }) {
          timers.set(time + 3);
          emit("record");
          emit("other", 7);
        },
        timer: (_, { emit }) => emit("timer"),
      }),
      tap((what) => times.push(what, recordInfo().timestamp)),
    ).subscribe();
    assertEquals(times, ["record", 5, "other", 7, "record", 20, "other", 7, "timer", 8, "timer", 23]);
  });

  it("refuses a time of a result, and of a timer, that is none", () => {
    const refused = (next: (context: ProcessContext<string, Record<never, never>, unknown>) => void) =>
      String(
        outcome(
          from(events(1)).pipe(
            at,
            strict(),
            keyedProcess({ name: "p", key: byUser, next: (_, context) => next(context), timer: () => {} }),
          ),
        ).error,
      );
    assertEquals(
      refused(({ emit }) => emit("x", NaN)),
      'RangeError: The event time of a result of keyedProcess "p" must be a safe integer, is NaN',
    );
    assertEquals(
      refused(({ timers }) => timers.set(1.5)),
      'RangeError: Cannot set a timer of keyedProcess "p": its time must be a safe integer, is 1.5',
    );
    assertEquals(
      refused(({ timers }) => timers.set(1, "wall" as never)),
      'TypeError: The clock of a timer of keyedProcess "p" must be "event" or "processing", current value is wall',
    );
  });

  it("keeps what is set its own: copies go in and come out", () => {
    const basket = { items: ["pen"] };
    const seen: unknown[] = [];
    processed([1, 2], {
      state: { basket: value<typeof basket>(), all: list<typeof basket>(), by: map<string, typeof basket>() },
      next({ at }, { state }) {
        if (at === 1) {
          state.basket.set(basket);
          state.all.append(basket);
          state.by.set("first", basket);
          basket.items.push("changed outside");
        }
        const read = [state.basket.get()!, state.all.at(0)!, state.by.get("first")!, ...state.all.values()];
        seen.push(structuredClone(read));
        for (const { items } of [...read, ...state.by.values()]) items.push("changed after it was read");
      },
    });
    const same = Array.from({ length: 4 }, () => ({ items: ["pen"] }));
    assertEquals(seen, [same, same]);
  });

  it('with values "frozen" shares one frozen object', () => {
    const basket = { items: ["pen"] };
    const seen = new Set<unknown>();
    processed([1, 2], {
      state: { basket: value<typeof basket>({ values: "frozen" }) },
      next({ at }, { state }) {
        if (at === 1) state.basket.set(basket);
        seen.add(state.basket.get());
      },
    });
    assertEquals([[...seen], Object.isFrozen(basket.items)], [[basket], true]);
  });

  it("says which state cannot keep a value, and of which key", () => {
    const failed = (set: unknown) =>
      String(
        outcome(
          from(events(1)).pipe(keyedProcess({
            name: "p",
            key: byUser,
            state: { basket: value<unknown>() },
            next: (_, { state }) => state.basket.set(set),
          })),
        ).error,
      );
    assertEquals(
      failed(() => 1).slice(0, 108),
      'TypeError: Cannot keep the value of key "ada" in state "basket" of keyedProcess "p": it holds a function. A ',
    );
    assertEquals(
      failed(undefined),
      'TypeError: Cannot set state "basket" of keyedProcess "p" to undefined: delete it instead',
    );
  });

  it("refuses a key that is none, also where nothing is kept", () => {
    const { error } = outcome(from([{}]).pipe(keyedProcess({ name: "p", key: () => ({}) as never, next: () => {} })));
    assertEquals(
      String(error),
      'TypeError: A key of keyedProcess "p" must be a string, number, bigint or boolean, current value is an object',
    );
  });

  it("refuses a context that is used after its function has returned, and a function that is asynchronous", () => {
    const kept: ProcessContext<string, { count: ReturnType<typeof value<number>> }, unknown>[] = [];
    outcome(
      from(events(1)).pipe(
        at,
        keyedProcess({
          name: "p",
          key: byUser,
          state: { count: value<number>() },
          next: (_, context) => (context.state.count.set(1), void kept.push(context)),
        }),
      ),
    );
    const after = /^The context of keyedProcess "p" was used after its function had returned/;
    for (const use of ["emit", "get", "set"] as const) {
      const { message } = assertThrows(() => {
        if (use === "emit") kept[0].emit(1);
        else if (use === "get") kept[0].state.count.get();
        else kept[0].state.count.set(2);
      }, TypeError);
      assertEquals(after.test(message), true, message);
    }
    const { error } = outcome(from(events(1)).pipe(keyedProcess({ name: "p", key: byUser, next: async () => {} })));
    assertEquals(
      String(error),
      'AsynchronousStageError: The function "next" of keyedProcess "p" returned a promise: what it does later would lie outside of its ' +
        "epoch. Make it synchronous, and call asynchronous services with asyncMap()",
    );
  });

  it("leaves the key of a record as it was where another record comes meanwhile", () => {
    const source = new Subject<string>(), seen: unknown[] = [];
    source.pipe(keyedProcess({
      key: (word) => word,
      state: { count: value<number>() },
      emits: typed<string>(),
      next(_, { key, state: { count }, emit }) {
        emit(key);
        count.set((count.get() ?? 0) + 1);
        seen.push([key, count.get()]);
      },
    })).subscribe((word) => word === "a" && seen.length === 0 && source.next("b"));
    source.next("a");
    source.next("a");
    assertEquals(seen, [["a", 1], ["b", 1], ["a", 2]]);
  });

  it("lets watermarks through, after its timers", () => {
    const windows = from(events(1, 2, 25)).pipe(
      at,
      strict(),
      keyedProcess({
        key: byUser,
        emits: typed<Event>(),
        next: (event, { timers, emit }) => (timers.set(9), emit(event)),
        timer: (time, { key, emit }) => emit({ user: key, at: time }),
      }),
      perTen(),
    );
    assertEquals(outcome(windows).values.map(({ window, value }) => [window.start, value]), [[0, 3], [20, 1]]);
  });
});

describe("timers of keyedProcess()", () => {
  it("fire in the order of their times, then of their setting, once each, and the rest at the end", () => {
    const fired = processed([1, 40, 41], {
      next({ at }, { timers }) {
        if (at === 1) { for (const time of [30, 20, 10, 20, 60]) timers.set(time); }
        if (at === 40) timers.set(50);
      },
      timer: (time, { time: own, watermark, clock, emit }) => emit([time, own, watermark, clock]),
    });
    const end = Number.MAX_SAFE_INTEGER;
    assertEquals(fired, [
      ...[10, 20, 30].map((time) => [time, time, 39, "event"]),
      ...[50, 60].map((time) => [time, time, end, "event"]),
    ]);
  });

  it("are deleted, set by a timer, and fire with the next watermark where their time has passed already", () => {
    const fired = processed([1, 40, 41, 43], {
      next({ at }, { timers }) {
        if (at === 1) { for (const time of [10, 20, 30]) timers.set(time); }
        if (at === 41) timers.set(5);
      },
      timer(time, { timers, emit }) {
        if (time === 10) {
          timers.delete(20);
          timers.delete(21);
          timers.set(15);
        }
        emit(time);
      },
    });
    assertEquals(fired, [10, 15, 30, 5]);
  });

  it("that are set while the last ones fire, at the end of the input, do not fire", () => {
    const fired = processed([1], {
      next: (_, { timers, time }) => timers.set(time + 1),
      timer: (time, { timers, emit }) => (timers.set(time + 1), emit(time)),
    });
    assertEquals(fired, [2]);
  });

  it("need a function to call, and those of event time a watermark", () => {
    const { error } = outcome(
      from(events(1)).pipe(
        at,
        strict(),
        keyedProcess({ name: "p", key: byUser, next: (_, { timers }) => timers.set(5) }),
      ),
    );
    assertEquals(
      String(error),
      'TypeError: Cannot set a timer of keyedProcess "p": it has no function "timer" to call',
    );
    const { error: bare } = outcome(
      from(events(1)).pipe(
        at,
        keyedProcess({ name: "p", key: byUser, next: (_, { timers }) => timers.set(5), timer: () => {} }),
      ),
    );
    assertEquals(
      String(bare).startsWith(
        'TypeError: Cannot run keyedProcess "p": it would never fire, because no watermark() stands',
      ),
      true,
      String(bare),
    );
  });
});

it("keyedProcess() refuses options that are none when it is built", () => {
  const right = { key: () => 1, next: () => {} };
  const wrong: [Record<string, unknown>, string][] = [
    [{ key: 1 }, "key must be a function"],
    [{ next: undefined }, "next must be a function"],
    [{ timer: 1 }, "timer must be a function"],
    [{ state: 1 }, "state must be an object of states"],
    [{ state: { a: 1 } }, 'state "a" must be made by value(), map() or list()'],
    [
      { state: { a: mapped(() => 1) } },
      'state "a" must be made by value(), map() or list(). It is a function, as the map() of RxJS makes one: import this one\'s',
    ],
    [{ state: { "a/b": value() } }, 'the name of state "a/b" may have letters, digits, "_" and "-" only'],
    [{ state: { timers: value() } }, 'the name of state "timers" is that of the timers'],
    [
      { state: { a: value({ values: "shared" as never }) } },
      'values of state "a" must be "copied" or "frozen", current value is shared',
    ],
    [{ state: { a: list({ version: 1.5 }) } }, 'version of state "a" must be a whole number, current value is 1.5'],
    [{ state: { a: map({ migrate: 1 as never }) } }, 'migrate of state "a" must be a function'],
  ];
  for (const [options, sentence] of wrong) {
    const { message } = assertThrows(() => keyedProcess({ ...right, ...options } as never), TypeError);
    assertEquals(message, `Cannot create a keyed process: ${sentence}`);
  }
});
