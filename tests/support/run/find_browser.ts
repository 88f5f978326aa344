/**
 * The browser for tests of pages: the one that `TIDEMARK_BROWSER` names, or else a Chromium or Chrome on the PATH; none is
 * fetched.
 *
 * It imports nothing, for the program that runs the tests has no stand-ins for `@std` yet.
 */

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Whether there is a browser. */
export type BrowserFinding =
  | { readonly ok: true; readonly path: string; readonly reason: string }
  | { readonly ok: false; readonly reason: string };

/** Finds the browser for the tests. */
export function findBrowser(): BrowserFinding {
  const named = Deno.env.get("TIDEMARK_BROWSER");
  if (named) return { ok: true, path: named, reason: `TIDEMARK_BROWSER names ${named}` };
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  for (const path of NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`))) {
    if (isFile(path)) return { ok: true, path, reason: path };
  }
  return { ok: false, reason: `no ${NAMES.join(", ")} on the PATH, and TIDEMARK_BROWSER is not set` };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
