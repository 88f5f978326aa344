/**
 * The trace of a run: what each process asked and was told, at which virtual time. Its hash tells two runs apart; its lines are kept
 * only where somebody will read them.
 *
 * @module
 */

/** Takes down what happens. */
export class Trace {
  readonly lines: string[] = [];
  /** How many lines there were, kept or not. */
  count = 0;
  #hash = 0x811c9dc5;

  /** @param keeps whether lines are kept to be read, with what was answered */
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

/** When simulated time begins. */
export const BEGIN = 1_800_000_000_000;

function shownTime(time: number): string {
  return ((time - BEGIN) / 1000).toFixed(6).padStart(11);
}

/** An answer for people: short, and never its bytes. */
export function showAnswer(answer: unknown): string {
  const text = JSON.stringify(answer, (_name, value) => {
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (value instanceof Map) return Object.fromEntries(value);
    return typeof value === "bigint" ? String(value) : value;
  });
  if (text === undefined) return "done";
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}
