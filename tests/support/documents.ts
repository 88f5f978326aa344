/** The pages of documentation, as paths from the root. */

export const read = (path: string): string => Deno.readTextFileSync(path);

/** All pages: those at the root, of `.github/`, and of `docs/` with its folders. */
export function documents(): string[] {
  return ["README.md", "CHANGELOG.md", ".github/ARCHITECTURE.md", ".github/CONTRIBUTING.md", ...below("docs")];
}

function below(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return below(`${folder}/${name}`);
    return name.endsWith(".md") ? [`${folder}/${name}`] : [];
  }).sort();
}
