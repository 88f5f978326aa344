/**
 * The browser for tests of pages: the one that `TIDEMARK_BROWSER` names, or else a Chromium or Chrome on the PATH; none is
 * fetched.
 *
 * It imports nothing that needs `@std`, for the program that runs the tests has no stand-ins for it yet.
 */
import { type Finding, findProgram } from "./find_program.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Whether there is a browser. */
export type BrowserFinding = Finding;

/** Finds the browser for the tests. */
export function findBrowser(): BrowserFinding {
  const named = Deno.env.get("TIDEMARK_BROWSER");
  if (named) return { ok: true, path: named, reason: `TIDEMARK_BROWSER names ${named}` };
  const found = findProgram(...NAMES);
  return found.ok ? found : { ok: false, reason: `${found.reason}, and TIDEMARK_BROWSER is not set` };
}
