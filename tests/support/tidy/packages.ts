/** Packages that are used where one looks for them: in suites, and in the import map. */
import { importsOf } from "./imports.ts";
import { lineAt, type Source } from "./source.ts";

const BDD = "@std/testing/bdd";
const TIME = "@std/testing/time";
const CONTRACT = /^tests\/[a-z_]+_contract(_test)?\.ts$/;

/** Contract suites and suites of one operator that are not made of `describe` and `it`. */
export function suitesWithoutBdd(files: readonly Source[]): string[] {
  const operators = new Set(files.flatMap(({ path }) => /^operators\/([a-z][a-z_]*)\.ts$/.exec(path)?.[1] ?? []));
  return files.filter(({ path }) => {
    const name = /^tests\/([a-z_]+)_test\.ts$/.exec(path)?.[1];
    return CONTRACT.test(path) || (name !== undefined && operators.has(name));
  }).flatMap((file) => {
    const names = importsOf(file).filter(({ specifier }) => specifier === BDD).flatMap(({ names }) => names);
    const missing = ["describe", "it"].filter((name) => !names.includes(name));
    const bare = [...file.code.matchAll(/\bDeno\s*\.\s*test\b/g)].map(({ index }) => lineAt(file.code, index));
    return [
      ...(missing.length > 0 ? [`${file.path} must import ${missing.join(" and ")} from ${BDD}`] : []),
      ...bare.map((line) => `${file.path}:${line} uses Deno.test: this suite is made of describe and it`),
    ];
  });
}

const WAITS = /(?<![.\w])(?:globalThis\s*\.\s*)?(?:setTimeout|setInterval)\b|\bsystemClock\s*\.\s*(?:sleep|after)\b/g;
/** What runs beside a test does not live in its time: brokers, containers, processes, threads. */
const BESIDE = /^tests\/(containers|sim\/watch)_test\.ts$/;

/** Tests that wait for the wall clock of their own process and do not fake it. */
export function unfakedTime(files: readonly Source[]): string[] {
  return files.filter(({ path }) => /^tests\/.*(_test|_contract)\.ts$/.test(path) && !BESIDE.test(path))
    .filter((file) => !importsOf(file).some(({ specifier }) => specifier === TIME))
    .flatMap(({ path, code }) =>
      [...code.matchAll(WAITS)].map((match) =>
        `${path}:${lineAt(code, match.index)} uses ${match[0]}: a test's wall clock is FakeTime of ${TIME}`
      )
    );
}

/** Modules of packages that are imported by an address instead of by their name in the import map. */
export function unmappedPackages(files: readonly Source[]): string[] {
  const address = /["'`]((?:npm|jsr):[^"'`\n]+)["'`]/g;
  // Rules about addresses name some, and so do programs of users, which have an import map of their own.
  return files.filter(({ path }) => !/^tests\/(support\/tidy\/|tidy_|consumer_test|lint_plugin_test)/.test(path))
    .flatMap(({ path, uncommented }) =>
      [...uncommented.matchAll(address)].map(({ index, 1: specifier }) =>
        `${path}:${lineAt(uncommented, index)} names ${specifier}: packages stand in the import map of deno.json`
      )
    );
}
