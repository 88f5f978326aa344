/** Limits for the lengths of files and functions. */
import { lineAt, type Source } from "./source.ts";

/** The most lines that each may have. */
export const LIMITS = { file: 400, operator: 200, function: 60 } as const;

export interface Function {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Whether it has no name of its own: a callback. */
  readonly anonymous: boolean;
}

/** Files with more lines than allowed. */
export function longFiles(files: readonly Pick<Source, "path" | "text">[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    const operator = /^operators\/[a-z][a-z_]*\.ts$/.test(path);
    const limit = operator ? LIMITS.operator : LIMITS.file;
    return lines <= limit
      ? []
      : [`${path} has ${lines} lines, ${operator ? "an operator" : "a file"} may have ${limit}`];
  });
}

/** Functions with more lines than allowed. A test's own callback may have any length. */
export function longFunctions(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    functionsOf(file).flatMap(({ name, start, end, anonymous }) => {
      const lines = end - start + 1;
      if (lines <= LIMITS.function || (anonymous && file.path.startsWith("tests/"))) return [];
      return [`${file.path}:${start} ${name} has ${lines} lines, a function may have ${LIMITS.function}`];
    })
  );
}

interface Open {
  readonly char: string;
  /** The beginning of the statement, or part of an expression, that contains the next bracket. */
  head: number;
  /** The code since then at this depth, without the contents of brackets. */
  text: string;
  /** The beginning of the last parentheses at this depth, which are the parameters of a following body. */
  parentheses: number;
  readonly starts?: { name: string; at: number; anonymous: boolean };
}

/** All functions with a body in braces, with their lines from head to end. */
export function functionsOf({ code }: Source): Function[] {
  const found: Function[] = [];
  const stack: Open[] = [{ char: "", head: 0, text: "", parentheses: 0 }];
  for (let at = 0; at < code.length; at++) {
    const char = code[at];
    const top = stack[stack.length - 1];
    if ("({[".includes(char)) {
      const starts = char === "{" ? functionHead(code, top) : undefined;
      if (char === "(") top.parentheses = at;
      stack.push({ char, head: at + 1, text: "", parentheses: at + 1, starts });
    } else if (")}]".includes(char) && stack.length > 1) {
      const closed = stack.pop()!;
      const below = stack[stack.length - 1];
      below.text += closed.char + char;
      if (closed.starts) {
        const { name, at: start, anonymous } = closed.starts;
        found.push({ name, anonymous, start: lineAt(code, start), end: lineAt(code, at) });
      }
      // A block ends its statement. A type in braces or an object does not: its line goes on.
      if (char === "}" && /^\s*(\n|$)/.test(code.slice(at + 1, at + 40))) restart(below, at + 1);
    } else if (char === ";" || (char === "," && top.char === "{")) restart(top, at + 1);
    else top.text += char;
  }
  return found;
}

function restart(open: Open, at: number): void {
  open.head = at;
  open.text = "";
  open.parentheses = at;
}

const STATEMENT =
  /^\s*(if|for|while|switch|catch|with|else|do|try|finally|class|interface|namespace|enum|return|throw)\b/;
const METHOD =
  /^\s*(?:(?:public|private|protected|static|override|async|get|set|readonly)\s+)*\*?\s*([#\w$]+|\[\])\s*(?:<[^{}]*>)?\(\)\s*(?::[^=]*)?$/;

function functionHead(code: string, { text, head, parentheses }: Open): Open["starts"] {
  const start = head + (code.slice(head).match(/\S/)?.index ?? 0);
  if (/=>\s*$/.test(text)) {
    const name = /\b(?:const|let|var)\s+([\w$]+)(?:\s*:[^=]*)?\s*=\s*(?:async\s*)?(?:<[^{}]*>)?\(?[^=]*=>\s*$/.exec(
      text,
    )?.[1];
    return { name: name ? `${name}()` : "a callback", at: name ? start : parentheses, anonymous: !name };
  }
  // Braces after these contain a type or a value, not a body. A body follows its parameters.
  if (/([<:|&,=?]|\b(extends|keyof|typeof))\s*$/.test(text) || !text.includes("()")) return undefined;
  const declared = /\bfunction\b\s*\*?\s*([\w$]*)/.exec(text);
  if (declared) return { name: declared[1] ? `${declared[1]}()` : "a callback", at: start, anonymous: !declared[1] };
  if (STATEMENT.test(text)) return undefined;
  const method = METHOD.exec(text);
  return method ? { name: `${method[1]}()`, at: start, anonymous: false } : undefined;
}
