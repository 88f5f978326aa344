/** Reads the doc comments of everything that `operators/` exports as a function. */

/** An exported function of `operators/`. */
export interface Documented {
  readonly name: string;
  readonly path: string;
  /** Its first sentence. */
  readonly summary: string;
  /** What it keeps, and for how long; `undefined` where it does not say so. */
  readonly keeps: string | undefined;
  /** Its paragraphs, without the marbles. */
  readonly text: string;
  /** Its marbles, as lines. */
  readonly marbles: string | undefined;
  readonly example: { readonly title: string; readonly code: string } | undefined;
  /** Its options, without those that it shares with others. */
  readonly options: readonly Option[];
  /** The interfaces of options that it shares with others. */
  readonly shared: readonly string[];
}

/** An option of an operator. */
export interface Option {
  readonly name: string;
  readonly about: string;
  /** What it is when it is left out; `undefined` where it is required or no default is named. */
  readonly fallback: string | undefined;
}

/** Options that several operators have. */
export const SHARED: readonly string[] = ["WindowOptions", "PairOptions"];

/** How the sentence begins by which an operator says what it keeps. */
const KEEPS = /^(Keeps|The stage keeps|Every task keeps|States keep|A left value is kept)\b/;

/** A doc comment, the name of its function, and what follows. */
const FUNCTIONS = /\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport (?:async )?function (\w+)(?=([^]{0,800}))/g;

const FILES = Array.from(Deno.readDirSync("operators"), ({ name }) => name).filter((name) => name.endsWith(".ts"))
  .sort();
/** Every file of `operators/`, as one text. */
const ALL = FILES.map((name) => Deno.readTextFileSync(`operators/${name}`)).join("\n");

/** All of them by their names. Of a function with several signatures the first comment counts. */
export function readOperators(): ReadonlyMap<string, Documented> {
  const found = new Map<string, Documented>();
  for (const file of FILES.filter((name) => /^[a-z]/.test(name) && name !== "mod.ts")) {
    const path = `operators/${file}`;
    for (const [, comment, name, rest] of Deno.readTextFileSync(path).matchAll(FUNCTIONS)) {
      if (!found.has(name)) found.set(name, documented({ name, path, comment: linesOf(comment) }, optionsTypeOf(rest)));
    }
  }
  return found;
}

/** The type of a function's options, if it has some. */
function optionsTypeOf(rest: string): string | undefined {
  const [signature] = rest.split(/\n\}|\n\/\*\*/);
  return /\boptions\??: (\w+)/.exec(signature)?.[1];
}

/** A comment without its stars. */
function linesOf(comment: string): string {
  return comment.split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n").trim();
}

function documented(
  { name, path, comment }: { readonly name: string; readonly path: string; readonly comment: string },
  type: string | undefined,
): Documented {
  const body = comment.split(/^@\w+/m)[0].trim();
  const text = body.replace(/```\w*\n[^]*?\n```/g, "").replace(/\n{3,}/g, "\n\n").trim();
  const sentences = text.replaceAll(/\s+/g, " ").split(/(?<=[.:]) (?=[A-Z`])/);
  const [, title, code] = /^@example (.*)\n```ts\n([^]*?)\n```/m.exec(comment) ?? [];
  const types = type === undefined ? [] : familyOf(type);
  return {
    ...{ name, path, text },
    marbles: /```text\n([^]*?)\n```/.exec(body)?.[1],
    summary: sentences[0].replace(/:$/, "."),
    keeps: sentences.find((sentence) => KEEPS.test(sentence))?.replace(/^Keeps (.)/, (_, first) => first.toUpperCase()),
    example: code === undefined ? undefined : { title, code },
    options: types.filter((one) => !SHARED.includes(one)).flatMap(optionsOf)
      .filter((option, index, all) => all.findIndex(({ name }) => name === option.name) === index),
    shared: types.filter((one) => SHARED.includes(one)),
  };
}

/** The head and the members of an interface. */
function interfaceOf(type: string): { readonly head: string; readonly body: string } | undefined {
  const [, head, body = ""] = new RegExp(`export interface ${type}\\b([^{]*)\\{(?:\\}|\\n([^]*?)\\n\\})`).exec(ALL) ??
    [];
  return head === undefined ? undefined : { head, body };
}

/** An interface, and those that it extends; or the interfaces that a type is one of. */
function familyOf(type: string): string[] {
  const [, choice] = new RegExp(`export type ${type}\\b[^=]*= ([^;]+);`).exec(ALL) ?? [];
  if (choice !== undefined) return [...choice.matchAll(/(?:^|\| )(\w+)/g)].flatMap(([, name]) => familyOf(name));
  const { head = "" } = interfaceOf(type) ?? {};
  const extended =
    head.split(/\bextends (?=[^=<>]*(?:<[^>]*>)?[^=<>]*$|\w+<)/).slice(1).join(" ").match(/\b[A-Z]\w+/g) ?? [];
  const known = [...new Set(extended)].filter((name) => name !== "Key" && interfaceOf(name) !== undefined);
  return [type, ...known.flatMap(familyOf)];
}

/** The members of an interface. */
export function optionsOf(type: string): Option[] {
  const { body = "" } = interfaceOf(type) ?? {};
  return [...body.matchAll(/ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n(?: {2}\/\/.*\n)* {2}readonly (\w+)/g)].map(
    ([, comment, name]) => {
      const [about, fallback] = linesOf(comment).split(/@default\s+/).map((part) =>
        part.replaceAll(/\s+/g, " ").trim()
      );
      return { name, about, fallback: fallback === undefined ? undefined : asCode(fallback) };
    },
  );
}

/** A default that is a value is code. */
function asCode(text: string): string {
  return /^("[^"]*"|\d[\d_]*|true|false|\w+\(.*\)|\{.*\})$/.test(text) ? `\`${text}\`` : text;
}
