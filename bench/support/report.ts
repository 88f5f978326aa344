/** Prints tables of results, and describes the machine. */

/** A row of a table, by column. */
export type Row = Readonly<Record<string, string | number>>;

const taken: string[] = [];

/** Prints a line and records it. */
export function line(text = ""): void {
  console.log(text);
  taken.push(text);
}

/** Everything that was printed. */
export function everything(): string {
  return taken.map((text) => `${text}\n`).join("");
}

/** Prints a table with the columns of its first row. Text is aligned left, numbers right. */
export function table(title: string, rows: readonly Row[]): void {
  line();
  line(title);
  if (rows.length === 0) return line("  (nothing was measured)");
  const columns = Object.keys(rows[0]);
  const cells = rows.map((row) => columns.map((column) => show(row[column] ?? "")));
  const widths = columns.map((column, index) => Math.max(column.length, ...cells.map((row) => row[index].length)));
  const right = columns.map((column) => typeof rows[0][column] === "number");
  const put = (row: readonly string[]) =>
    line(
      `  ${
        row.map((cell, index) => right[index] ? cell.padStart(widths[index]) : cell.padEnd(widths[index])).join("  ")
          .trimEnd()
      }`,
    );
  put(columns);
  put(widths.map((width) => "-".repeat(width)));
  for (const row of cells) put(row);
}

function show(value: string | number): string {
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "?";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** A goal and whether it was reached. */
export function judge(goal: string, reached: boolean): string {
  return `${goal}  ${reached ? "yes" : "NO"}`;
}

/** The percentile of sorted values; `part` is from 0 to 1. */
export function percentile(sorted: Float64Array, part: number): number {
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];
}

/** Describes the machine and the versions, on which the numbers depend. */
export function describeMachine(broker: string): string[] {
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const load = Deno.loadavg().map((value) => value.toFixed(2)).join(" ");
  return [
    `machine: ${navigator.hardwareConcurrency} cores, ${processorName()}, ${memory} GiB, ${Deno.build.os} ${Deno.osRelease()}`,
    `deno ${Deno.version.deno}, v8 ${Deno.version.v8}; broker: ${broker}`,
    `${new Date().toISOString()}, load before: ${load} (a machine with other work to do shows less than it can)`,
  ];
}

function processorName(): string {
  try {
    return /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}
