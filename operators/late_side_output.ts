/**
 * @module
 */
import type { MonoTypeOperatorFunction, Observable } from "rxjs";
import type { LateOf, LateTyped } from "./_late.ts";
import * as misuse from "./_misuse.ts";
import { operate } from "./_operate.ts";
import { takeSide } from "./_side.ts";

/**
 * Routes the late records of the window above. Keeps nothing; emits the window's results unchanged.
 *
 * A late record is the value that reached the window; `recordInfo()` tells where it came from. The routed stream ends when the
 * input does.
 *
 * ```text
 * window    --result--------------result--|
 *           lateSideOutput((late) => late.pipe(sink))
 * results   --result--------------result--|
 * late      ------------event-------------|
 * ```
 *
 * @param route takes the stream of late records; the stream that it returns is subscribed, and its values are discarded
 * @returns an operator that passes results on
 * @throws {TypeError} when no window stands directly above it
 *
 * @example Keep late records
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { from, tap } from "rxjs";
 * import { count, eventTime, lateSideOutput, tumblingWindow, watermark } from "@tidemark/streams";
 *
 * const late: unknown[] = [];
 * from([{ at: 5 }, { at: 25 }, { at: 7 }]).pipe(
 *   eventTime((event) => event.at),
 *   watermark({ maxOutOfOrderness: 0 }),
 *   tumblingWindow({ key: () => "all", size: 10, aggregate: count() }),
 *   lateSideOutput((records) => records.pipe(tap((record) => late.push(record)))),
 * ).subscribe();
 * assertEquals(late, [{ at: 7 }]);
 * ```
 */
export function lateSideOutput<R extends LateTyped<unknown>>(
  route: (late: Observable<LateOf<R>>) => Observable<unknown>,
): MonoTypeOperatorFunction<R> {
  if (typeof route !== "function") throw new TypeError("Cannot create a late side output: route must be a function");

  return operate<R, R>({ operator: "lateSideOutput", time: "passes", keeps: false }, (stage) => {
    const late = takeSide<LateOf<R>>(stage, "late", route);
    return {
      open() {
        if (!late.opened) throw misuse.noWindow(stage.label);
      },
      next: (value) => stage.emit(value),
      end: () => late.end(),
      close: () => late.close(),
    };
  });
}
