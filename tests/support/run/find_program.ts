/**
 * Finds programs on the PATH.
 *
 * It imports nothing, for the program that runs the tests has no stand-ins for `@std` yet.
 */

/** Whether there is a program, and where. */
export type Finding =
  | { readonly ok: true; readonly path: string; readonly reason: string }
  | { readonly ok: false; readonly reason: string };

/** The first of these programs that is on the PATH. */
export function findProgram(...names: readonly string[]): Finding {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  for (const path of names.flatMap((name) => folders.map((folder) => `${folder}/${name}`))) {
    if (isFile(path)) return { ok: true, path, reason: path };
  }
  return { ok: false, reason: `no ${names.join(", ")} on the PATH` };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
