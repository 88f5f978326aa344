/**
 * The trace of a run: the requests and answers of each process, with virtual times. Its hash tells two runs apart. Its
 * lines are kept only when they will be read.
 *
 * @module
 */

/** Records what happens. */
export class Trace {
  readonly lines: string[] = [];
  /** How many lines there were, whether kept or not. */
  count = 0;
  #hash = 0x811c9dc5;

  /** @param keeps whether lines and answers are kept to be read */
  constructor(readonly now: () => number, readonly keeps: boolean) {}

  add(who: string, what: string): void {
    this.count++;
    const time = this.now();
    this.#mix(`${time} ${who} ${what}`);
    if (this.keeps) this.lines.push(`${shownTime(time)} ${who.padEnd(6)} ${what}`);
  }

  /** FNV-1a over all lines. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  #mix(line: string): void {
    let hash = this.#hash;
    for (let at = 0; at < line.length; at++) hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
    this.#hash = hash;
  }
}

/** The beginning of simulated time. */
export const BEGIN = 1_800_000_000_000;

function shownTime(time: number): string {
  return ((time - BEGIN) / 1000).toFixed(6).padStart(11);
}

/** An answer as short text, without its bytes. */
export function showAnswer(answer: unknown): string {
  const text = JSON.stringify(answer, (_name, value) => {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (value instanceof Map) return Object.fromEntries(value);
    return typeof value === "bigint" ? String(value) : value;
  });
  if (text === undefined) return "done";
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}
