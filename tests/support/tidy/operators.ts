/** Every operator has a test and an example that is run. */
import { lineAt, type Source } from "./source.ts";

/** Operators without a test file or without an example in their doc comments. */
export function unprovenOperators(files: readonly Source[]): string[] {
  const tests = new Set(files.map(({ path }) => path).filter((path) => /^tests\/.*_test\.ts$/.test(path)));
  return files.filter(isOperator).flatMap((file) => {
    const name = file.path.slice("operators/".length, -".ts".length);
    const hasTest = [...tests].some((path) => path.endsWith(`/${name}_test.ts`));
    return [
      ...(hasTest ? [] : [`${file.path} has no test: write tests/operators/${name}_test.ts`]),
      ...examplesProblem(file),
    ];
  });
}

/** A file of `operators/` with a name of its own that exports a function. */
function isOperator({ path, code }: Source): boolean {
  return /^operators\/[a-z][a-z_]*\.ts$/.test(path) && path !== "operators/mod.ts" &&
    /^export (async )?function\b/m.test(code);
}

function examplesProblem({ path, text }: Source): string[] {
  const comments = text.match(/\/\*\*[\s\S]*?\*\//g) ?? [];
  const examples = comments.filter((comment) => comment.includes("@example"));
  if (examples.length === 0) return [`${path} has no @example in its doc comments`];
  const titled = examples.every((comment) => /@example[ \t]+\S/.test(comment));
  const asserts = examples.some((comment) => /```ts\n[\s\S]*\bassert\w*\(/.test(comment));
  return [
    ...(titled ? [] : [`${path} has an @example without a title`]),
    ...(asserts ? [] : [`${path} has no @example that asserts`]),
  ];
}

/** The seam's own words: an operator speaks to its stage, which keeps the task's registers and the chain of subscribers. */
const REGISTERS =
  /\b(?:Subscriber|Forwarder|Scope|Task|runningTask|setRunningTask)\b|\btask\b(?:\s*\??\.\s*\w+)?|\bphase\b/g;
/** Where a stage's results go: an operator calls `stage.emit()`. */
const OUTLET = /\bstage\s*\.\s*out\b|\bout\b[^{}]*\}\s*=\s*stage\b/g;
/** They emit once for each record, and spare themselves a step. */
const ON_THE_HOT_PATH = /^operators\/(keyed_reduce|watermark)\.ts$/;
/** They are no operators: what a state is, and what users ask of the record at hand. */
const NO_OPERATORS = /^operators\/(keyed_state|record_info|mod)\.ts$/;

/** Operator files that name a register of the task, how streams are chained, or the outlet of their stage. */
export function strayRegisters(files: readonly Source[]): string[] {
  return files.filter(({ path }) => /^operators\/[a-z][a-z_]*\.ts$/.test(path) && !NO_OPERATORS.test(path))
    .flatMap(({ path, code }) =>
      [...code.matchAll(REGISTERS), ...(ON_THE_HOT_PATH.test(path) ? [] : code.matchAll(OUTLET))].map((match) =>
        `${path}:${lineAt(code, match.index)} names ${
          match[0]
        }: an operator speaks to its Stage, which owns time and registers and emits`
      )
    );
}
