/** What a test run consists of: test modules, and files whose examples are run. */

const DOCUMENTED = ["operators", "state", "connectors", "formats", "runtime", "pictures", "testing", "docs"];

export interface Targets {
  /** Flags that go on to `deno test`. */
  readonly flags: string[];
  /** Test modules and folders; empty means those of `deno.json`. */
  readonly tests: string[];
  /** Files with examples. */
  readonly documents: string[];
  /** Whether the command line named files. Then only those are run. */
  readonly named: boolean;
}

/** Sorts the arguments into flags, test modules, and files with examples. */
export function chooseTargets(args: readonly string[]): Targets {
  const paths = args.filter((word) => !word.startsWith("-") && kindOf(word) !== undefined);
  const flags = args.filter((word) => !paths.includes(word));
  if (paths.length === 0) return { flags, tests: [], documents: documentedFiles(), named: false };
  const isTest = (path: string) => kindOf(path) === "directory" || path.endsWith("_test.ts");
  return { flags, tests: paths.filter(isTest), documents: paths.filter((path) => !isTest(path)), named: true };
}

function kindOf(path: string): "file" | "directory" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "directory" : "file";
  } catch {
    return undefined;
  }
}

function documentedFiles(): string[] {
  const found = ["mod.ts", "README.md", ...DOCUMENTED.flatMap(filesBelow)];
  return found.filter((path) => kindOf(path) === "file" && hasExample(Deno.readTextFileSync(path)));
}

function filesBelow(directory: string): string[] {
  if (kindOf(directory) !== "directory") return [];
  return Array.from(Deno.readDirSync(directory)).flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    if (isDirectory) return filesBelow(path);
    return /\.(ts|md)$/.test(name) ? [path] : [];
  }).sort();
}

function hasExample(text: string): boolean {
  return /```(ts|typescript)\b/.test(text);
}
