/** Timers of processing time without a job: by RxJS's clock, as long as the subscription lasts. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Subject } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { keyedProcess, value } from "@tidemark/streams/operators";

describe("timers of processing time without a job", () => {
  const remind = keyedProcess({
    key: (word: string) => word,
    next: (_, { timers, now }) => timers.set(now + 3, "processing"),
    timer: (_, { key, clock, time, emit }) => emit(`${key} ${clock} ${time}`),
  });
  const virtual = (run: Parameters<TestScheduler["run"]>[0]) =>
    new TestScheduler((actual, expected) => assertEquals(actual, expected)).run(run);

  it("fire by RxJS's clock, in the order of their times", () => {
    virtual(({ hot, expectObservable }) => {
      const source = hot("-ab---b--a----");
      expectObservable(source.pipe(remind)).toBe("----xy---y--x-", {
        x: "a processing NaN",
        y: "b processing NaN",
      });
    });
  });

  it("are over with the end of the input, an error and the end of the subscription", () => {
    virtual(({ hot, expectObservable }) => {
      expectObservable(hot("-ab-|").pipe(remind)).toBe("----|");
      expectObservable(hot("-ab-#").pipe(remind)).toBe("----#");
      expectObservable(hot("-ab---").pipe(remind), "---!").toBe("-----");
    });
  });

  it("keep no timer of the process after the subscription, however far they are", () => {
    // The test itself fails where a timer is left.
    for (const ends of [true, false]) {
      const source = new Subject<string>();
      const far = keyedProcess({
        key: (word: string) => word,
        next: (_, { timers, now }) => [5, 1e6, 1e12].forEach((after) => timers.set(now + after, "processing")),
        timer: () => {},
      });
      const subscription = source.pipe(far).subscribe();
      source.next("a");
      if (ends) source.complete();
      else subscription.unsubscribe();
    }
  });

  it("are deleted, and one that fails is an error notification", () => {
    const error = new Error("broken");
    virtual(({ hot, expectObservable }) => {
      const never = keyedProcess({
        key: (word: string) => word,
        state: { due: value<number>() },
        next(_, { state: { due }, timers, now }) {
          if (due.get() !== undefined) timers.delete(due.get()!, "processing");
          due.set(now + 4);
          timers.set(now + 4, "processing");
        },
        timer() {
          throw error;
        },
      });
      expectObservable(hot("a--a--a------").pipe(never)).toBe("----------#", {}, error);
    });
  });
});
