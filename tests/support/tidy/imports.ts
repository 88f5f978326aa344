/** Which folder may import which: compares the table of the house rules with the imports of every file. */
import { lineAt, type Source } from "./source.ts";

export interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** Named imports, by their exported names. */
  readonly names: string[];
}

interface Room {
  /** Allowed packages. The name of a package ends at the first slash after a scope. */
  readonly packages: RegExp;
  /** Allowed files of the repository. */
  readonly files: RegExp;
  /** Files from which only types may be imported. */
  readonly types?: RegExp;
}

/** The base: every folder may import it, and it imports none of them. */
const BASE = String.raw`base/[a-z0-9_]+\.(?:ts|js)`;
/** Parts of `operators/`: the limits of time, for every folder, and the seam with its scope. */
const WORDS = String.raw`operators/_(limits|clock_snapshot)\.ts`;
const SEAM = String
  .raw`${WORDS}|operators/_(operate|source|scope|graph|spans|task|misuse|memory_state)\.ts|operators/keyed_state\.ts`;
const SEAM_NAMES = String.raw`operators/_[a-z_]+\.ts`;
/** Parts of `connectors/`: the port, which every connector imports. */
const PORT = String
  .raw`connectors/(codec|connector|delivery|headers|json|partitioner|plain_codecs|records|record_rows|rows|verbs)\.ts`;

const IN_BASE = re(BASE);

const ROOMS: Readonly<Record<string, Room>> = {
  // The version of the package stands in its deno.json.
  base: { packages: /^node:.*$/, files: re(String.raw`${BASE}|deno\.json`) },
  operators: {
    packages: /^(rxjs|@datadog\/sketches-js)$/,
    files: re(String.raw`operators/(_[a-z_]+|keyed_state)\.ts`),
  },
  state: { packages: /^(node:.*|@std\/.*)$/, files: re(String.raw`state/.*|operators/keyed_state\.ts|${WORDS}`) },
  connectors: {
    packages: /^(rxjs|node:.*|@std\/.*)$/,
    // The three domain errors are the only part of state/ that a connector may construct.
    files: re(
      String
        .raw`${WORDS}|operators/_(key|operate|own|scope|source)\.ts|${PORT}|connectors/_[a-z_]+\.ts|connectors/local/.*|state/errors\.ts`,
    ),
    types: re(`state/.*|${SEAM_NAMES}`),
  },
  formats: {
    // Each is an export of its own, so a library is loaded only by programs that use its format.
    packages: /^(avsc|@bufbuild\/protobuf)$/,
    files: re(String.raw`formats/.*|state/errors\.ts`),
    types: re(String.raw`connectors/codec\.ts`),
  },
  runtime: {
    packages: /^(rxjs|node:.*|@std\/.*)$/,
    files: re(`${SEAM}|state/.*|${PORT}|runtime/.*`),
    types: re(SEAM_NAMES),
  },
  dashboard: {
    // The page's own library, as text, and what lays out its graph.
    packages: /^(htm|@dagrejs\/dagre)$/,
    files: re(String.raw`dashboard/.*|pictures/figures/[a-z_]+\.js|telemetry/instruments\.ts|runtime/records\.ts`),
    types: re(String.raw`runtime/(details|job|topology|measurements)\.ts`),
  },
  telemetry: {
    // An export of its own, so that its libraries are loaded only by programs that use it.
    packages: /^(@opentelemetry\/api|@logtape\/logtape)$/,
    files: re(String.raw`telemetry/.*`),
    types: re(String.raw`runtime/(job|measurements|work_steps|events)\.ts`),
  },
  pictures: {
    packages: /^rxjs$/,
    files: re(`${SEAM}|operators/_own\\.ts|pictures/.*`),
    types: re(SEAM_NAMES),
  },
  cli: {
    packages: /^(commander|cli-table3|@bomb\.sh\/tab)$/,
    // It looks at jobs from outside: their stored form, their details, and topics. It runs none.
    files: re(
      String
        .raw`cli/.*|deno\.json|runtime/(asked_reset|details_read|details_words|letter_headers|replay_marks|stopped_records|stored_job|worker_entry)\.ts|state/(mod|file_lock)\.ts|` +
        String.raw`connectors/(headers|record_rows)\.ts|connectors/embedded/log\.ts|connectors/kafka/open_topics\.ts`,
    ),
    types: re(
      String
        .raw`operators/keyed_state\.ts|runtime/(details|events|records)\.ts|connectors/(connector|kafka/topics|local/append)\.ts`,
    ),
  },
  testing: {
    packages: /^(rxjs|node:.*|@std\/.*)$/,
    files: re(String.raw`operators/.*|state/.*|${PORT}|connectors/(kv_table|memory)\.ts|runtime/.*|testing/.*`),
  },
};

/** Programs that use the package as users do. */
const PUBLIC_FACE = /^(examples|tests\/(public|conformance))\//;

/** Only its driver may import a Kafka client. */
const CLIENTS = /^(kafkajs|@platformatic\/kafka)$/;
const DRIVERS = /^connectors\/kafka\/_?(kafkajs|platformatic)[a-z_]*\.ts$/;

function re(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

/** Every import and re-export of a file. */
export function importsOf({ uncommented, code }: Source): Import[] {
  // An import is found in the code, and its path is read from the text with strings.
  const clause =
    /^\s*(?:import|export)\s+(type\s+)?([^;"'`]*?\bfrom\s*)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/gm;
  return [...uncommented.matchAll(clause)]
    .filter((match) => /^(?:import|export)\b/.test(code.slice(match.index).trimStart()))
    .map((match) => {
      const [, type, names = "", specifier = match[4]] = match;
      const listed = /\{([^}]*)\}/.exec(names)?.[1].split(",").map((name) => name.trim()).filter(Boolean) ?? [];
      const onlyTypes = listed.length > 0 && listed.every((name) => name.startsWith("type ")) &&
        !/^\s*[\w$*]+/.test(names);
      return {
        line: lineAt(uncommented, match.index + match[0].search(/\S/)),
        specifier,
        typeOnly: type !== undefined || onlyTypes,
        names: listed.map((name) => name.replace(/^type\s+/, "").split(/\s+as\s+/)[0]),
      };
    });
}

/** Imports that the table forbids. */
export function wrongImports(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((one) => {
      const why = forbidden(file.path, one);
      return why ? [`${file.path}:${one.line} must not import ${one.specifier}: ${why}`] : [];
    })
  );
}

function forbidden(path: string, one: Import): string | undefined {
  if (CLIENTS.test(packageOf(one.specifier)) && !one.typeOnly && isOurs(path) && !DRIVERS.test(path)) {
    return "a Kafka client is loaded only by its driver, connectors/kafka/kafkajs*.ts";
  }
  const target = one.specifier.startsWith(".") ? resolve(path, one.specifier) : undefined;
  if (PUBLIC_FACE.test(path)) {
    const own = path.split("/").slice(0, path.startsWith("tests/") ? 2 : 1).join("/");
    if (target === undefined || target.startsWith(`${own}/`) || target.startsWith("tests/support/")) return undefined;
    return "it shows the package as its users see it, so it may use public names only";
  }
  const name = path.split("/")[0];
  // A mod.ts only re-exports, which `wrongModules` checks.
  if (!Object.hasOwn(ROOMS, name) || /(^|\/)mod\.ts$/.test(path)) return undefined;
  return forbiddenInRoom(name, path, { ...one, target });
}

function forbiddenInRoom(name: string, path: string, one: Import & { target?: string }): string | undefined {
  const room = ROOMS[name];
  if (one.target === undefined) {
    const known = packageOf(one.specifier);
    if (one.specifier.startsWith("@tidemark/")) return "inside of the package, files are imported by their path";
    return room.packages.test(known) || DRIVERS.test(path) ? undefined : `${name}/ may not use that package`;
  }
  // The files of a folder inside of a room may import each other, including those of its own folders.
  const folder = path.split("/").slice(0, -1).slice(0, 2).join("/");
  if (folder.includes("/") && one.target.startsWith(`${folder}/`)) return undefined;
  if (IN_BASE.test(one.target) || room.files.test(one.target)) return undefined;
  if (one.typeOnly && room.types?.test(one.target)) return undefined;
  if (room.types?.test(one.target)) return `${name}/ may take only types from there: write import type`;
  return `${name}/ may not look in there`;
}

/** A `mod.ts` that does more than re-export. */
export function wrongModules(files: readonly Source[]): string[] {
  return files.filter(({ path }) => /(^|\/)mod\.ts$/.test(path) && isOurs(path)).flatMap(({ path, code }) => {
    const rest = code.replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s*from\s*["'][^"']*["'];?/g, "").trim();
    return rest === "" ? [] : [`${path} must only re-export, but holds: ${rest.split("\n")[0]}`];
  });
}

/** Whether a file is published. */
export function isOurs(path: string): boolean {
  return path === "mod.ts" || Object.hasOwn(ROOMS, path.split("/")[0]);
}

function packageOf(specifier: string): string {
  const bare = specifier.replace(/^(npm|jsr):\/?/, "");
  if (bare.startsWith("node:")) return bare;
  const parts = bare.split("/");
  const name = bare.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
  return name.replace(/(?<=.)@[^/]*$/, "");
}

/** The path to which an import resolves. */
export function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return parts.join("/");
}
