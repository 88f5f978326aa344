/** Views and clicks of one window, and those without the other. For tests of window joins. */
import { map, type Observable } from "rxjs";
import {
  eventTime,
  type JoinType,
  type JoinWindow,
  lateSideOutput,
  watermark,
  windowJoin,
  type WindowJoinOptions,
} from "@tidemark/streams";
import type { MemoryLog } from "../../connectors/memory.ts";
import { key, pair, type Timed } from "./join_script.ts";

/** The options of a join of views and clicks. */
export type ClickedOptions = Partial<WindowJoinOptions<Timed, Timed, string, string, JoinType>>;

/** A job that joins them. */
export function clicked(log: MemoryLog, window: JoinWindow<Timed>, options: ClickedOptions = {}): Observable<unknown> {
  const timed = (topic: string) =>
    log.source<Timed>(topic).pipe(eventTime(({ at }) => at), watermark({ name: topic, maxOutOfOrderness: 3 }));
  return timed("views").pipe(
    windowJoin(timed("clicks"), {
      name: "clicked",
      window,
      key,
      rightKey: key,
      type: "full",
      join: (left, right) => `${(left ?? right)!.key} ${pair(left, right)}`,
      ...options,
    }),
    lateSideOutput((late) => late.pipe(map(({ at }) => at), log.sink("late"))),
    log.sink("clicked", { key: (row) => row.split(" ")[0] }),
  );
}

/** A view or a click. */
export const record = (key: string, at: number): { key: string; value: Timed; timestamp: number } => ({
  key,
  value: { key, at },
  timestamp: at,
});
