/** Packages must be used in suites, and imported by the import map. */
import { importsOf } from "./imports.ts";
import { lineAt, type Source } from "./source.ts";

const BDD = "@std/testing/bdd";
const TIME = "@std/testing/time";
const CONTRACT = /^tests\/[a-z_]+_contract(_test)?\.ts$/;

/** Contract suites, and suites of one operator, that do not use `describe` and `it`. */
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
/** Tests of brokers, containers, processes and threads, which run in real time. */
const BESIDE = /^tests\/(containers|sim\/watch)_test\.ts$/;

/** Tests that wait for the wall clock of their own process without faking it. */
export function unfakedTime(files: readonly Source[]): string[] {
  return files.filter(({ path }) => /^tests\/.*(_test|_contract)\.ts$/.test(path) && !BESIDE.test(path))
    .filter((file) => !importsOf(file).some(({ specifier }) => specifier === TIME))
    .flatMap(({ path, code }) =>
      [...code.matchAll(WAITS)].map((match) =>
        `${path}:${lineAt(code, match.index)} uses ${match[0]}: a test's wall clock is FakeTime of ${TIME}`
      )
    );
}

/** Modules that import a package by an address instead of its name in the import map. */
export function unmappedPackages(files: readonly Source[]): string[] {
  const address = /["'`]((?:npm|jsr):[^"'`\n]+)["'`]/g;
  // Files that name addresses: the rules about them, and programs of users, which have their own import map.
  return files.filter(({ path }) => !/^tests\/(support\/(tidy\/|consumer\b)|tidy_|lint_plugin_test)/.test(path))
    .flatMap(({ path, uncommented }) =>
      [...uncommented.matchAll(address)].map(({ index, 1: specifier }) =>
        `${path}:${lineAt(uncommented, index)} names ${specifier}: packages stand in the import map of deno.json`
      )
    );
}
