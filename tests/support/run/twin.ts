/**
 * A copy of the package in which the page's files are string literals.
 *
 * Whether the live JSR takes text imports cannot be seen from a dry run, which takes them. So this copy is what is
 * published: it has no text import, and works the same.
 */
import { manifest } from "./manifest.ts";

/** The one file of the package with text imports. */
export const ASSETS = "dashboard/_assets.ts";

const TEXT_IMPORT = /^import (\w+) from "([^"]+)" with \{ type: "text" \};$/gm;

/** The module with a constant in the place of each text import. */
export async function inlined(source: string, read: (specifier: string) => Promise<string>): Promise<string> {
  const texts = new Map<string, string>();
  for (const [, , specifier] of source.matchAll(TEXT_IMPORT)) texts.set(specifier, await read(specifier));
  const twin = source.replace(TEXT_IMPORT, (_import, name, specifier) => {
    return `const ${name}: string = ${JSON.stringify(texts.get(specifier))};`;
  });
  if (texts.size > 0 && !/\btype: "text"/.test(twin)) return twin;
  throw new Error(`Cannot make the twin of ${ASSETS}: each text import must be one line with one name`);
}

/** The text of a file, or of a package's file, that the page's module imports. */
async function read(specifier: string): Promise<string> {
  if (specifier.startsWith(".")) {
    return await Deno.readTextFile(new URL(specifier, new URL(ASSETS, `file://${Deno.cwd()}/`)));
  }
  const { default: text } = await import(specifier, { with: { type: "text" } });
  return text;
}

/** Copies what is published of the repository to a folder, with the twin of the page's module. */
export async function copyTwin(folder: string): Promise<void> {
  const { publish: { exclude } } = await manifest();
  const left = new Set(exclude.map((path) => path.replace(/\/$/, "")));
  await copy(".", folder, (path) => !left.has(path) && !path.startsWith("."));
  await Deno.writeTextFile(`${folder}/${ASSETS}`, await inlined(await Deno.readTextFile(ASSETS), read));
}

async function copy(from: string, to: string, wanted: (path: string) => boolean, path = ""): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    const inner = path === "" ? name : `${path}/${name}`;
    if (!wanted(inner)) continue;
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`, wanted, inner);
    else if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
