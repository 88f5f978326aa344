/**
 * The expected results of a pipeline, computed in the obvious way: all records are kept, and searched again each time.
 *
 * It shares no code with the operators, and is not fast.
 */

/** A record of a property test: a key and an event time. Records are identified by their place in the list. */
export interface Row {
  readonly key: string;
  readonly time: number;
  /** Which input partition it comes from. */
  readonly partition: number;
}

/** The rules of windows: their size, and when they close. */
export interface Rules {
  readonly partitions: number;
  readonly maxOutOfOrderness: number;
  readonly size: number;
  readonly offset: number;
  readonly allowedLateness: number;
}

/** A result: a window of a key, with the places of its records. */
export interface Pane {
  readonly key: string;
  readonly start: number;
  readonly members: readonly number[];
  readonly pane: "onTime" | "late";
  readonly index: number;
}

/** All emitted panes, in groups whose inner order is free, and the late records. */
export interface Truth {
  readonly groups: readonly (readonly Pane[])[];
  readonly late: readonly number[];
}

/** The watermark after the first `n` records: the slowest partition's highest time, less the bound, less one. */
export function watermarkAfter(
  rows: readonly Row[],
  n: number,
  { partitions, maxOutOfOrderness }: Pick<Rules, "partitions" | "maxOutOfOrderness">,
): number {
  const highest = Array.from(
    { length: partitions },
    (_, partition) =>
      Math.max(-Infinity, ...rows.slice(0, n).filter((row) => row.partition === partition).map(({ time }) => time)),
  );
  return Math.min(...highest) - maxOutOfOrderness - 1;
}

/**
 * The start of the window that contains a time: the last multiple of the size, shifted by the offset, at or before it.
 */
export function startOf(time: number, { size, offset }: Rules): number {
  return Math.floor((time - offset) / size) * size + offset;
}

/** All panes and all late records. */
export function windows(rows: readonly Row[], rules: Rules): Truth {
  const { size, allowedLateness } = rules;
  const groups: Pane[][] = [];
  const late: number[] = [];
  const accepted: number[] = [];
  const emitted: Pane[] = [];

  /** The present pane of a window. */
  const fire = (key: string, start: number, pane: Pane["pane"]): Pane => {
    const members = accepted.filter((place) => rows[place].key === key && startOf(rows[place].time, rules) === start);
    const index = emitted.filter((one) => one.key === key && one.start === start).length;
    const result = { key, start, members, pane, index };
    emitted.push(result);
    return result;
  };
  /** Fires all windows with records that were not emitted and end at or before the watermark. */
  const advance = (watermark: number) => {
    const open = accepted.map((place) => ({ key: rows[place].key, start: startOf(rows[place].time, rules) }))
      .filter(({ key, start }) => !emitted.some((one) => one.key === key && one.start === start))
      .filter(({ start }) => start + size - 1 <= watermark);
    for (const start of [...new Set(open.map(({ start }) => start))].sort((a, b) => a - b)) {
      const keys = new Set(open.filter((one) => one.start === start).map(({ key }) => key));
      groups.push([...keys].map((key) => fire(key, start, "onTime")));
    }
  };

  for (const [place, { key, time }] of rows.entries()) {
    const watermark = watermarkAfter(rows, place, rules);
    const start = startOf(time, rules);
    if (start + size - 1 + allowedLateness <= watermark) {
      late.push(place);
    } else {
      accepted.push(place);
      if (start + size - 1 <= watermark) groups.push([fire(key, start, "late")]);
    }
    advance(watermarkAfter(rows, place + 1, rules));
  }
  advance(Infinity);
  return { groups, late };
}
