/**
 * The tokens of a script, as far as one must know them to leave out what is between them.
 *
 * @module
 */

/** A part of a script. All parts together are the script. */
export interface Token {
  /** What it is. A `chunk` is a piece of a template, from its backtick or `}` to its `${` or backtick. */
  readonly kind: "apart" | "word" | "string" | "regexp" | "chunk" | "sign";
  /** Its characters. */
  readonly text: string;
}

/** Space and comments, numbers and words, strings; what is none of them is a sign. */
const PLAIN =
  /((?:\s+|\/\/.*|\/\*[^]*?\*\/)+)|(\.?\d[\w.]*|[\w$#\x80-\uffff]+)|("(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')|(\+\+|--|=>|\.\.\.|\?\.|[^])/y;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const CHUNK = /[`}](?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;
const KINDS = ["apart", "word", "string", "sign"] as const;

/** Words after which a `/` begins a regular expression, as it does after most signs. */
const BEFORE_VALUES = new Set("await case delete do else in instanceof of return throw typeof void yield".split(" "));

/** Signs that a value may end with: a `/` behind them divides. */
const ENDS = new Set([")", "]", "}", "++", "--"]);

/**
 * The tokens of a module. A `/` behind a bracket is taken for a division.
 *
 * @throws {SyntaxError} when a template has no end
 */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each template that is open, how many braces are open in its `${`. */
  const braces: number[] = [];
  let before: Token | undefined;
  for (let at = 0; at < source.length;) {
    const token = tokenAt(source, at, before, braces.at(-1) === 0);
    const { kind, text } = token;
    if (kind === "chunk") {
      if (text.startsWith("}")) braces.pop();
      if (text.endsWith("${")) braces.push(0);
    } else if (kind === "sign" && braces.length > 0) {
      braces[braces.length - 1] += text === "{" ? 1 : text === "}" ? -1 : 0;
    }
    if (kind !== "apart") before = token;
    tokens.push(token);
    at += text.length;
  }
  if (braces.length > 0) throw new SyntaxError("Cannot read a script: a template has no end");
  return tokens;
}

function tokenAt(source: string, at: number, before: Token | undefined, inTemplate: boolean): Token {
  const first = source[at];
  if (first === "`" || first === "}" && inTemplate) {
    const text = matched(CHUNK, source, at)?.[0];
    if (text === undefined) throw new SyntaxError("Cannot read a script: a template has no end");
    return { kind: "chunk", text };
  }
  if (first === "/" && !/[/*]/.test(source[at + 1] ?? "") && !endsValue(before)) {
    const text = matched(REGEXP, source, at)?.[0];
    if (text !== undefined) return { kind: "regexp", text };
  }
  const [text, ...kinds] = matched(PLAIN, source, at)!;
  return { kind: KINDS[kinds.findIndex((one) => one !== undefined)], text };
}

function matched(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** Whether a value may end with it. */
function endsValue(token: Token | undefined): boolean {
  if (token === undefined) return false;
  const { kind, text } = token;
  if (kind === "word") return !BEFORE_VALUES.has(text);
  if (kind === "chunk") return text.endsWith("`");
  return kind !== "sign" || ENDS.has(text);
}
