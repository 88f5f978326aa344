/**
 * Makes docs/operators.md of the doc comments in `operators/`, and its pictures. A program that writes them anew:
 *
 *     deno run -A --no-lock tests/support/operators_page.ts
 */
import { OPERATOR_PICTURES } from "./operator_pictures.ts";
import { type Documented, type Option, optionsOf, readOperators, SHARED } from "./operator_sources.ts";

/** The groups of the page, in their order: all that operators export stands in one of them. */
const GROUPS: readonly { readonly title: string; readonly about: string; readonly names: readonly string[] }[] = [
  {
    title: "Event time",
    about: "Where the time of a record is, how far out of order records come, and what comes too late.",
    names: ["eventTime", "watermark", "lateSideOutput", "recordInfo"],
  },
  {
    title: "Windows",
    about: "Each aggregates the records of a key over a stretch of time, or over a number of records.",
    names: [
      ...["tumblingWindow", "slidingWindow", "cumulativeWindow", "sessionWindow", "calendarWindow"],
      ...["countWindow", "globalWindow", "overWindow"],
    ],
  },
  {
    title: "Keyed state",
    about: "They keep something for each key, without a window.",
    names: ["keyedReduce", "keyedProcess", "deduplicate", "changes", "topN", "toTable"],
  },
  {
    title: "Joins",
    about: "Two streams, a stream with a table, or two tables.",
    names: ["intervalJoin", "windowJoin", "temporalJoin", "tableJoin", "broadcastJoin", "joinTables"],
  },
  { title: "Other tasks, and other services", about: "Values leave their task.", names: ["repartition", "asyncMap"] },
];

/** What has a line in a table: it keeps nothing by itself. */
const LISTS: readonly { readonly title: string; readonly about: string; readonly names: readonly string[] }[] = [
  {
    title: "Aggregates",
    about: "For the option `aggregate` of a window. Any `{ seed, add, result }` will do as well.",
    names: [
      ...["count", "sum", "min", "max", "average", "collect", "first", "last", "minBy", "maxBy", "distinct"],
      ...["approximateDistinct", "quantile", "quantiles", "variance", "histogram", "aggregates"],
    ],
  },
  {
    title: "Triggers",
    about: "For the option `trigger` of a window: when it emits, besides its end.",
    names: ["atWatermark", "everyRecord", "everyCount", "everyEventTime", "everyProcessingTime"],
  },
  {
    title: "States of keyedProcess",
    about: "For its option `states`.",
    names: ["value", "map", "list", "typed"],
  },
  {
    title: "Durations",
    about: "All durations are milliseconds. These make them readable.",
    names: ["seconds", "minutes", "hours", "days"],
  },
];

/** The options that several operators have. */
const SHARED_TITLES = [
  { type: SHARED[0], title: "Options of all windows", about: "`aggregate` or `process` is required, and not both." },
  { type: SHARED[1], title: "Options of joins of two streams", about: "Those of `intervalJoin` and `windowJoin`." },
];

const HEAD = `# Operators

<!-- Made of the doc comments in operators/ by tests/support/operators_page.ts. -->

Each is an RxJS operator that one may \`pipe\` like any other, alone or in a job. Names in the first column lead to what it
does in full. Time is event time, in milliseconds. In the pictures time goes up, and the order of arrival to the right
([how to read them](pictures.md#how-to-read-it)).

What an operator keeps is state of the job: it is in the checkpoint, and a restart goes on with it.
`;

/** Where the pictures are, seen from the top of the repository. */
export const FOLDER = "docs/pictures/operators";

/** The page, before it is formatted. Throws where an operator has no place in it. */
export function operatorsPage(): string {
  const found = readOperators();
  const placed = [...GROUPS, ...LISTS].flatMap(({ names }) => names);
  const missing = [...found.keys()].filter((name) => !placed.includes(name));
  const unknown = placed.filter((name) => !found.has(name));
  if (missing.length + unknown.length > 0) {
    throw new Error(
      `The page of operators lacks ${missing.join(", ") || "none"}, and has no source for: ${unknown.join(", ")}`,
    );
  }
  const page = new Page(found);
  return [
    HEAD,
    ...GROUPS.flatMap(({ title, names }) => [
      `**[${title}](#${anchorOf(title)})**\n`,
      page.table(
        ["operator", "what it does", "what it keeps, and for how long"],
        names,
        ({ keeps = "Nothing." }) => [keeps],
      ),
    ]),
    `And: ${[...SHARED_TITLES, ...LISTS].map(({ title }) => `[${title}](#${anchorOf(title)})`).join(", ")}.\n`,
    ...GROUPS.flatMap((
      { title, about, names },
    ) => [`## ${title}\n\n${about}\n`, ...names.map((name) => page.entry(name))]),
    ...SHARED_TITLES.map(({ title, about, type }) => `## ${title}\n\n${about}\n\n${page.options(optionsOf(type), "")}`),
    ...LISTS.flatMap(({ title, about, names }) => [
      `## ${title}\n\n${about}\n`,
      page.table(["name", "what it is"], names, () => []),
    ]),
  ].join("\n");
}

/** An operator's picture as an SVG document. */
export function drawingOf(name: string): string {
  const { title, make } = OPERATOR_PICTURES[name];
  return make().svg({ title });
}

/** What an operator's picture shows, for those who do not see it. */
function wordsOf(name: string): string {
  const described = /<desc>([^]*?)<\/desc>/.exec(drawingOf(name))![1];
  return `${OPERATOR_PICTURES[name].title}. ${described}`;
}

/** The file of an operator's picture. */
export function pictureOf(name: string): string {
  return `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.svg`;
}

function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

class Page {
  readonly #headings: ReadonlySet<string>;

  constructor(readonly found: ReadonlyMap<string, Documented>) {
    this.#headings = new Set(GROUPS.flatMap(({ names }) => names));
  }

  table(heads: readonly string[], names: readonly string[], more: (operator: Documented) => readonly string[]): string {
    const rows = names.map((name) => {
      const operator = this.found.get(name)!;
      const code = `\`${name}\``;
      const link = this.#headings.has(name) ? `[${code}](#${anchorOf(name)})` : code;
      return [link, operator.summary, ...more(operator)].map((cell) => this.#linked(cell.replaceAll("|", "\\|"), name));
    });
    return `${[heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
  }

  entry(name: string): string {
    const { path, text, marbles, example, options, shared } = this.found.get(name)!;
    const picture = OPERATOR_PICTURES[name];
    return [
      `### \`${name}\`\n`,
      `${this.#linked(text, name)}\n`,
      ...(marbles === undefined ? [] : [`\`\`\`text\n${marbles}\n\`\`\`\n`]),
      ...(picture === undefined ? [] : [`![${wordsOf(name)}](pictures/operators/${pictureOf(name)})\n`]),
      ...(options.length === 0 ? [] : [this.options(options, name)]),
      ...SHARED_TITLES.filter(({ type }) => shared.includes(type)).map(({ title }) =>
        `It has the [${title[0].toLowerCase()}${title.slice(1)}](#${anchorOf(title)}) as well.\n`
      ),
      // Examples run with their sources.
      ...(example === undefined ? [] : [`${example.title}:\n\n\`\`\`ts ignore\n${example.code}\n\`\`\`\n`]),
      `Source: [\`${path}\`](../${path})\n`,
    ].join("\n");
  }

  options(options: readonly Option[], name: string): string {
    const rows = options.map(({ name: option, about, fallback }) =>
      `| \`${option}\` | ${this.#linked(about.replaceAll("|", "\\|"), name)} | ${
        (fallback ?? "").replaceAll("|", "\\|")
      } |`
    );
    return `${["| option | what it is | default |", "| --- | --- | --- |", ...rows].join("\n")}\n`;
  }

  /** Names of other operators as links. */
  #linked(text: string, own: string): string {
    return text.replaceAll(
      /\{@linkcode (\w+)(?:[.|][^}]*)?\}/g,
      (_all, name: string) =>
        this.#headings.has(name) && name !== own ? `[\`${name}\`](#${anchorOf(name)})` : `\`${name}\``,
    );
  }
}

/** Formats a page as the repository is. */
export async function formatted(page: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  await Deno.mkdir(FOLDER, { recursive: true });
  for (const name of Object.keys(OPERATOR_PICTURES)) {
    await Deno.writeTextFile(`${FOLDER}/${pictureOf(name)}`, drawingOf(name));
  }
  await Deno.writeTextFile("docs/operators.md", await formatted(operatorsPage()));
}
