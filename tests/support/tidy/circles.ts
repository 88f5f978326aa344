/**
 * Files that import each other are one idea in two files, or one of them contains a second idea. So no file may import
 * itself through others. Type imports count too, since a reader has to follow them.
 */
import { importsOf, resolve } from "./imports.ts";
import type { Source } from "./source.ts";

/**
 * Circles of imports, each as the shortest one through its first file: `a.ts -> b.ts -> a.ts`.
 *
 * @param types whether imports of types alone count
 */
export function importCircles(files: readonly Source[], { types = true }: { readonly types?: boolean } = {}): string[] {
  const known = new Set(files.map(({ path }) => path));
  const imports = new Map(files.map((file) => [
    file.path,
    importsOf(file).filter(({ specifier, typeOnly }) => specifier.startsWith(".") && (types || !typeOnly))
      .map(({ specifier }) => resolve(file.path, specifier)).filter((target) => known.has(target)),
  ]));
  const circles: string[] = [];
  const told = new Set<string>();
  for (const path of [...known].sort()) {
    const circle = told.has(path) ? undefined : shortestCircle(path, imports);
    if (circle === undefined) continue;
    for (const one of circle) told.add(one);
    circles.push([...circle, path].join(" -> "));
  }
  return circles;
}

/** The files of the shortest path from a file back to itself, in order. */
function shortestCircle(
  from: string,
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const path of queue) {
    for (const target of imports.get(path) ?? []) {
      if (target === from) {
        const way = [path];
        while (way[0] !== from) way.unshift(cameFrom.get(way[0])!);
        return way;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      queue.push(target);
    }
  }
  return undefined;
}
