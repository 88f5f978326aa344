/**
 * `state JOB NAME [KEY]`: looks into a keyed state, as of the last commit.
 *
 * @module
 */
import type { Key } from "../../operators/keyed_state.ts";
import { readCells, type StoredCell, type StoredJob } from "../../runtime/stored_job.ts";
import type { CommandSpec, Context, Flags } from "../command.ts";
import { WrongUsage } from "../errors.ts";
import { clean, cleanLines, iso, jsonText, shownValue } from "../text.ts";
import { didYouMean, timeOf, wholeOf } from "../values.ts";

/** How many characters of a value a list shows. */
const SHOWN = 200;
const TYPES = ["auto", "string", "number", "bigint", "boolean"] as const;

/** `state` */
export const state: CommandSpec = {
  name: "state",
  summary: "look into a keyed state: all keys, or one",
  words: [
    { word: "<job>", means: "the job" },
    { word: "<name>", means: "the name of the state, which is that of its stage" },
    { word: "[key]", means: "only this key" },
  ],
  flags: [
    { flag: "--type <type>", means: "what the key is; auto tries all", choices: TYPES, default: "auto" },
    { flag: "--window <start>", means: "only the window that starts then: a time, or milliseconds" },
    { flag: "--limit <n>", means: "how many values to show at most", default: "20" },
  ],
  example: "state recommendations event-count ada",
  needs: ["state", "page"],
  async run(context, [job, name, key]) {
    const { printer, place, flags } = context;
    if (flags.page !== undefined && key !== undefined) return await askPage(context, { job: job!, name: name!, key });
    const stored = await place.job(job!);
    assertState(stored, name!);
    const limit = wholeOf("--limit", flags.limit, 1);
    const { cells, more } = await found(context, stored, { name: name!, key, limit });
    if (cells.length === 0 && key !== undefined) {
      throw new Error(`State ${name} of job ${job} has no value for the key ${clean(key)}`);
    }
    const rows = cells.map(({ window, ...cell }) => ({ ...cell, window: iso(window) }));
    printer.document({ job, state: name, cells: rows, more }, () => {
      if (rows.length === 0) return "The state is empty.";
      if (key !== undefined && rows.length === 1) return jsonText(rows[0].value, 2);
      const windows = stored.heads.some(({ states }) => states.some((one) => one.name === name && one.windows));
      return printer.table(
        windows ? ["KEY", "WINDOW", "VALUE"] : ["KEY", "VALUE"],
        rows.map(({ key, window, value }) => {
          const text = shownValue(value);
          const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
          return windows ? [shownValue(key), window, short] : [shownValue(key), short];
        }),
      );
    });
    if (more) printer.say(`There is more; --limit ${limit * 10} shows more of it.`);
  },
};

/** The value in the memory of the worker that the flags name. */
async function askPage(
  { printer, place, flags }: Context,
  { job, name, key }: { readonly job: string; readonly name: string; readonly key: string },
): Promise<void> {
  const page = place.page!;
  const window = windowOf(flags);
  const types = flags.type === "auto"
    ? [...new Set(keysOf(key, flags).map((one) => typeof one))]
    : [String(flags.type)];
  for (const type of types) {
    const value = await page.value(name, { key, type, window });
    if (value === undefined) continue;
    return printer.document({ job, state: name, key, type, window: iso(window), from: "page", value }, () => {
      if (value.as === "hidden") return "The page hides values.";
      return `${cleanLines(value.text)}${value.cut ? "…" : ""}`;
    });
  }
  throw new Error(`State ${name} of job ${job} has no value for the key ${clean(key)}`);
}

function assertState({ job, heads }: StoredJob, name: string): void {
  const names = [...new Set(heads.flatMap(({ states }) => states.map((one) => one.name)))];
  if (names.includes(name)) return;
  const there = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  throw new WrongUsage(`Job ${job} has no state ${JSON.stringify(name)}; ${there}${didYouMean(name, names)}`);
}

async function found(
  { place, flags }: Context,
  job: StoredJob,
  { name, key, limit }: { readonly name: string; readonly key: string | undefined; readonly limit: number },
): Promise<{ readonly cells: readonly StoredCell[]; readonly more: boolean }> {
  const store = await place.store();
  const cells: StoredCell[] = [];
  for (const wanted of key === undefined ? [undefined] : keysOf(key, flags)) {
    for await (const cell of readCells(store, job, { name, key: wanted, window: windowOf(flags) })) {
      if (cells.length === limit) return { cells, more: true };
      cells.push(cell);
    }
  }
  return { cells, more: false };
}

function windowOf({ window }: Flags): number | undefined {
  if (typeof window !== "string") return undefined;
  return /^-?\d+$/.test(window) ? Number(window) : timeOf("--window", window);
}

/** The keys that a word may stand for. */
function keysOf(word: string, { type }: Flags): Key[] {
  const isNumber = word.trim() !== "" && Number.isFinite(Number(word));
  const forms: Readonly<Record<string, () => Key | undefined>> = {
    string: () => word,
    number: () => isNumber ? Number(word) : undefined,
    bigint: () => /^-?\d+n?$/.test(word) ? BigInt(word.replace(/n$/, "")) : undefined,
    boolean: () => word === "true" ? true : word === "false" ? false : undefined,
  };
  const keys = (type === "auto" ? Object.values(forms) : [forms[String(type)]]).map((form) => form());
  const known = keys.filter((key) => key !== undefined);
  if (known.length > 0) return known;
  throw new WrongUsage(`The key must be a ${type}, current value is ${JSON.stringify(word)}`);
}
