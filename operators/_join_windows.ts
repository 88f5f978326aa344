/**
 * The windows of a window join: which kind its option describes.
 *
 * @module
 */
import { disjoint, type Slicer } from "./_slicers.ts";
import {
  calendarOf,
  type CalendarWindows,
  cumulativeOf,
  type CumulativeWindows,
  type GapOf,
  gapOf,
  type SessionWindows,
  slidingOf,
  type SlidingWindows,
  tumblingOf,
  type TumblingWindows,
} from "./_window_kinds.ts";

/** The windows of a join, in the words of the window operators. */
export type JoinWindow<T> =
  | TumblingWindows
  | SlidingWindows
  | CumulativeWindows
  | SessionWindows<T>
  | CalendarWindows;

/** What forms the windows: slices of time, or gaps between the values of a key. */
export type JoinWindows<T> = { readonly slicer: Slicer } | { readonly gap: GapOf<T> };

/** The fields of each kind, the optional one last. */
const FIELDS = {
  tumbling: ["size", "offset"],
  sliding: ["size", "slide", "offset"],
  cumulative: ["max", "step", "offset"],
  session: ["gap"],
  calendar: ["unit", "timeZone"],
} as const;

/** Checks the windows of a join. */
export function joinWindows<T>(cannot: string, window: JoinWindow<T>): JoinWindows<T> {
  const kind = kindOf(cannot, window);
  if (kind === "session") return { gap: gapOf(cannot, window as SessionWindows<T>) };
  if (kind === "sliding") return { slicer: slidingOf(cannot, window as SlidingWindows) };
  if (kind === "cumulative") return { slicer: cumulativeOf(cannot, window as CumulativeWindows) };
  const windower = kind === "tumbling"
    ? tumblingOf(cannot, window as TumblingWindows)
    : calendarOf(cannot, window as CalendarWindows);
  return { slicer: disjoint(windower) };
}

/** The kind with these fields. */
function kindOf(cannot: string, window: unknown): keyof typeof FIELDS {
  const given = typeof window === "object" && window !== null
    ? Object.entries(window).filter(([, value]) => value !== undefined).map(([name]) => name)
    : [];
  for (const [kind, fields] of Object.entries(FIELDS)) {
    const needed = fields.filter((field) => field !== "offset");
    const fits = needed.every((field) => given.includes(field)) &&
      given.every((field) => (fields as readonly string[]).includes(field));
    if (fits) return kind as keyof typeof FIELDS;
  }
  const forms = Object.values(FIELDS).map((fields) => `{ ${fields.join(", ")} }`);
  throw new TypeError(
    `${cannot} window must be ${forms.slice(0, -1).join(", ")} or ${forms.at(-1)}` +
      (given.length === 0 ? "" : `, current value has ${given.join(", ")}`) +
      ". A global window never ends, and windows of a count of records do not lie in time, so no join has them",
  );
}
