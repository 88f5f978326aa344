/** Effects that only a few files may use: Deno KV, the wall clock, timers, randomness. */
import { importsOf, isOurs } from "./imports.ts";
import { lineAt, type Source } from "./source.ts";

const KV_FILES = /^(state\/kv_[a-z_]+|connectors\/(embedded\/[a-z_]+|kv_table))\.ts$/;
const KV = /\bDeno\s*\.\s*(Kv\w*|openKv|AtomicOperation)\b/g;

/**
 * The files that create the clocks: that of a job, and RxJS's for pipelines without a job. And the Kafka driver, which
 * uses timers for its client.
 */
const CLOCK_FILES = /^(base\/clock\.ts|operators\/_wall_clock\.ts|connectors\/kafka\/kafkajs[a-z_]*\.ts)$/;
const CLOCK =
  /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?=[;,)\s]))|\bDate\(\)|\bperformance\s*\.\s*(?:now|timeOrigin)\b|\bTemporal\s*\.\s*Now\b|(?<![.\w])(?:globalThis\s*\.\s*)?(?:setTimeout|setInterval|setImmediate)\b|\bAbortSignal\s*\.\s*timeout\b|\bMath\s*\.\s*random\b|\bcrypto\s*\.\s*(?:getRandomValues|randomUUID)\b/g;
const CLOCK_NAMES =
  /^(asyncScheduler|animationFrameScheduler|interval|timer|delay|delayWhen|debounceTime|throttleTime|auditTime|sampleTime|bufferTime|windowTime|timeout|timestamp|timeInterval)$/;

/** Uses of Deno KV outside of the files that own it. */
export function strayKv(files: readonly Source[]): string[] {
  return stray(
    files,
    KV_FILES,
    KV,
    "Deno KV is named only in state/kv_*.ts, connectors/embedded/*.ts and connectors/kv_table.ts",
  );
}

/** Uses of the wall clock, timers and randomness that bypass the clock that is passed in. */
export function strayClocks(files: readonly Source[]): string[] {
  const why = "wall clock, timers and randomness are reached only through the clock that is passed in";
  const used = stray(files, CLOCK_FILES, CLOCK, why);
  const imported = files.filter(({ path }) => isOurs(path) && !CLOCK_FILES.test(path)).flatMap((file) =>
    importsOf(file).filter(({ specifier }) => /^(rxjs\b|node:(timers|crypto))/.test(specifier))
      .flatMap(({ line, names }) =>
        names.filter((name) => CLOCK_NAMES.test(name) || /^random/.test(name)).map((name) =>
          `${file.path}:${line} uses ${name}: ${why}`
        )
      )
  );
  return [...used, ...imported];
}

function stray(files: readonly Source[], allowed: RegExp, pattern: RegExp, why: string): string[] {
  return files.filter(({ path }) => isOurs(path) && !allowed.test(path)).flatMap(({ path, code }) =>
    [...code.matchAll(pattern)].map((match) => `${path}:${lineAt(code, match.index)} uses ${match[0].trim()}: ${why}`)
  );
}
