/** Every operator must have a test and an example that is run. */
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

/** Whether a file of `operators/` exports an operator. */
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

/**
 * Words of the seam. An operator uses only its stage, which keeps the task's registers and the chain of subscribers.
 */
const REGISTERS =
  /\b(?:Subscriber|Forwarder|Scope|Task|runningTask|setRunningTask)\b|\btask\b(?:\s*\??\.\s*\w+)?|\bphase\b/g;
/** The output of a stage. An operator calls `stage.emit()` instead. */
const OUTLET = /\bstage\s*\.\s*out\b|\bout\b[^{}]*\}\s*=\s*stage\b/g;
/** Operators that emit once for each record, and save a call. */
const ON_THE_HOT_PATH = /^operators\/(keyed_reduce|watermark)\.ts$/;
/** Files that are not operators: the interface of a state, and the information about the current record. */
const NO_OPERATORS = /^operators\/(keyed_state|record_info|mod)\.ts$/;

/** Operator files that use a register of the task, the chain of streams, or the output of their stage. */
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
