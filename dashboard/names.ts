/**
 * Short names for what a module names for itself: its variables, parameters, functions and classes, and what it imports.
 * Properties and exports keep theirs.
 *
 * A name is exchanged everywhere in a module or nowhere, and the new one is no other word of the module. So it does not
 * matter which of several things with one name is meant, as long as none of them is a global of the browser: a module
 * that has a variable `history` of its own cannot use the browser's. Modules of the page are held to that by
 * `tests/dashboard_small_test.ts`.
 *
 * @module
 */
import type { Token } from "./tokens.ts";

/** What a word is in its place. Of a `field` the name is never exchanged; a `short` stands for a property too. */
type Role = "property" | "field" | "short" | "imported" | "reference";

interface Bracket {
  readonly kind: "class" | "object" | "import" | "other";
  /** Whether names in it are declared there. */
  readonly declares: boolean;
}

interface Use {
  readonly index: number;
  readonly role: Role;
}

const BLOCK_WORDS = new Set(["catch", "do", "else", "finally", "try"]);
const DECLARING = new Set(["class", "const", "function", "let"]);
/** Words that may be names and have a meaning of their own in some places. */
const CONTEXTUAL = ["as", "async", "from", "get", "of", "set", "static"];
/** Words that are no names, as short as fresh ones. */
const RESERVED = ["as", "do", "if", "in", "of"];

/** Values with a shorter spelling. */
const SPELLINGS = [["undefined", "void 0"], ["true", "!0"], ["false", "!1"]] as const;

/** The words that are exchanged, by their places among the tokens. The tokens are without what is between them. */
export function shortNames(tokens: readonly Token[]): ReadonlyMap<number, string> {
  const { uses, declared, kept } = usesOf(tokens);
  const taken = new Set([...RESERVED, ...tokens.filter(({ kind }) => kind === "word").map(({ text }) => text)]);
  const candidates = [...uses].filter(([name]) => declared.has(name) && !kept.has(name))
    .sort(([a, x], [b, y]) => gainOf(b, y, 1) - gainOf(a, x, 1));
  const exchanged = new Map<number, string>();
  const fresh = freshNames(taken);
  let short = fresh.next().value;
  for (const [name, all] of candidates) {
    // What is not worth two letters keeps its name, and so does all that follows when there are no more names.
    if (short === undefined || gainOf(name, all, short.length) <= 0) continue;
    for (const { index, role } of all) {
      if (role === "property") continue;
      const word = role === "short" ? `${name}:${short}` : role === "imported" ? `${name} as ${short}` : short;
      exchanged.set(index, word);
    }
    short = fresh.next().value;
  }
  for (const [name, spelling] of SPELLINGS) {
    for (const { index, role } of uses.get(name) ?? []) if (role === "reference") exchanged.set(index, spelling);
  }
  return exchanged;
}

/** How many characters fewer the module has when a name has another length. */
function gainOf(name: string, uses: readonly Use[], length: number): number {
  const costs = { property: 0, field: 0, short: -length - 1, imported: -length - 4, reference: name.length - length };
  return uses.reduce((sum, { role }) => sum + costs[role], 0);
}

/** Names of one letter, then of two. */
function* freshNames(taken: ReadonlySet<string>): Generator<string, undefined> {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (const head of ["", ...letters]) {
    for (const letter of letters) if (!taken.has(head + letter)) yield head + letter;
  }
  return undefined;
}

interface Names {
  readonly uses: Map<string, Use[]>;
  readonly declared: Set<string>;
  /** Names that must stay. */
  readonly kept: Set<string>;
}

function usesOf(tokens: readonly Token[]): Names {
  const names: Names = { uses: new Map(), declared: new Set(), kept: new Set(CONTEXTUAL) };
  const closes = closesOf(tokens);
  const open: Bracket[] = [];
  let exporting = false;
  tokens.forEach(({ kind, text }, index) => {
    const bracket = open.at(-1) ?? { kind: "other", declares: false };
    if (kind === "chunk") {
      if (text.startsWith("}")) open.pop();
      if (text.endsWith("${")) open.push({ kind: "other", declares: false });
    } else if (kind === "sign") {
      if ("([{".includes(text)) open.push(bracketAt(tokens, index, bracket, closes));
      else if (")]}".includes(text)) open.pop();
      if (text === ";" || text === "{") exporting = false;
    } else if (kind === "word") {
      if (text === "export") exporting = true;
      const role = roleOf(tokens, index, bracket);
      const all = names.uses.get(text) ?? [];
      names.uses.set(text, all);
      all.push({ index, role });
      if (role === "field" || exporting && role === "reference") names.kept.add(text);
      else if (declares(tokens, index, role, bracket)) names.declared.add(text);
    }
  });
  return names;
}

function roleOf(tokens: readonly Token[], index: number, { kind }: Bracket): Role {
  const before = tokens[index - 1]?.text ?? "", after = tokens[index + 1]?.text ?? "";
  if (before === "." || before === "?.") return "property";
  if (kind === "class") return "field";
  if (kind === "import") return after === "as" || before === "as" ? "field" : "imported";
  if (kind !== "object" || before !== "{" && before !== ",") return "reference";
  if (after === ":") return "property";
  if (after === "," || after === "}" || after === "=") return "short";
  return "field";
}

function declares(tokens: readonly Token[], index: number, role: Role, { declares }: Bracket): boolean {
  const before = tokens[index - 1]?.text ?? "", after = tokens[index + 1]?.text ?? "";
  if (role === "imported" || DECLARING.has(before)) return true;
  return declares && role !== "property" && !["=", "?"].includes(before) && [",", ")", "]", "}", "="].includes(after);
}

/** Where each bracket is closed. A `${` and its end are parts of a template. */
function closesOf(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const closes = new Map<number, number>();
  const open: number[] = [];
  tokens.forEach(({ kind, text }, index) => {
    if (kind === "sign" && "([{".includes(text)) open.push(index);
    else if (kind === "sign" && ")]}".includes(text)) closes.set(open.pop()!, index);
  });
  return closes;
}

function bracketAt(
  tokens: readonly Token[],
  index: number,
  outer: Bracket,
  closes: ReadonlyMap<number, number>,
): Bracket {
  const { text } = tokens[index];
  const before = tokens[index - 1], earlier = tokens[index - 2]?.text ?? "";
  const word = before?.kind === "word" ? before.text : "";
  const inherits = outer.declares && before?.text !== "=";
  if (text === "[") return { kind: "other", declares: inherits || DECLARING.has(word) };
  if (text === "(") {
    const parameters = outer.kind === "class" || word === "function" || earlier === "function" || word === "catch" ||
      tokens[closes.get(index)! + 1]?.text === "=>";
    return { kind: "other", declares: parameters };
  }
  if (word === "import") return { kind: "import", declares: true };
  if (earlier === "class" || earlier === "extends") return { kind: "class", declares: false };
  const block = before === undefined || BLOCK_WORDS.has(word) || [";", "{", "}", ")", "=>"].includes(before.text);
  return block ? { kind: "other", declares: false } : { kind: "object", declares: inherits || DECLARING.has(word) };
}
