/** Shared by the operators' tests: events with a time, the usual stages over them, and the output of a pipeline. */
import { map, type MonoTypeOperatorFunction, type Observable, type OperatorFunction } from "rxjs";
import {
  count,
  eventTime,
  type Keyed,
  keyedReduce,
  tumblingWindow,
  watermark,
  type WindowResult,
} from "@tidemark/streams/operators";

export interface Event {
  readonly user: string;
  readonly at: number;
}

export const at: MonoTypeOperatorFunction<Event> = eventTime((event: Event) => event.at);
/** A watermark that allows no disorder. */
export const strict = <T>(): MonoTypeOperatorFunction<T> => watermark<T>({ maxOutOfOrderness: 0 });
/** Counts the events of each user. */
export const counts = <T extends Event>(name?: string): OperatorFunction<T, Keyed<string, number>> =>
  keyedReduce({ name, key: (event: T) => event.user, initial: 0, reduce: (total) => total + 1 });
/** Counts the events of each user in ten milliseconds. */
export const perTen = <T extends Event>(name?: string): OperatorFunction<T, WindowResult<T, string, number>> =>
  tumblingWindow({ name, key: (event: T) => event.user, size: 10, aggregate: count<T>() });

/** Events of one user. */
export function events(...times: number[]): Event[] {
  return times.map((at) => ({ user: "ada", at }));
}

/** The values of a pipeline, and how it ended. */
export function outcome<T>(pipeline: Observable<T>): { values: T[]; error: unknown; completed: boolean } {
  const result = { values: [] as T[], error: undefined as unknown, completed: false };
  pipeline.subscribe({
    next: (value) => result.values.push(value),
    error: (error) => result.error = error,
    complete: () => result.completed = true,
  });
  return result;
}

/** A window's result as a line. */
export const shown: OperatorFunction<WindowResult<Event, string, unknown>, string> = map((
  { key, window, value, pane, index },
) => `${key} ${window.start}: ${value} ${pane} ${index}`);
