/**
 * The Python that executes notebooks: the one that `TIDEMARK_PYTHON` names, or else `python3` on the PATH. It must have
 * nbclient.
 *
 * It imports nothing, for the program that runs the tests has no stand-ins for `@std` yet.
 */

/** Whether there is a Python with nbclient. */
export type PythonFinding =
  | { readonly ok: true; readonly path: string; readonly reason: string }
  | { readonly ok: false; readonly reason: string };

/** Finds the Python for the tests. */
export function findPython(named: string | undefined = Deno.env.get("TIDEMARK_PYTHON")): PythonFinding {
  const path = named || "python3";
  // The interpreter itself may stand behind a script that needs the home folder.
  const asked = said(path, "import sys, nbclient, nbformat; print(sys.executable, nbclient.__version__)");
  const [, executable, version] = /^(.+) (\S+)$/.exec(asked ?? "") ?? [];
  if (executable !== undefined) return { ok: true, path: executable, reason: `${executable} with nbclient ${version}` };
  const found = said(path, "print(1)") !== undefined;
  return {
    ok: false,
    reason: found ? `${path} has no nbclient` : `there is no ${path}${named ? "" : ", and TIDEMARK_PYTHON is not set"}`,
  };
}

/** What a Python program prints; `undefined` where it fails. */
function said(path: string, program: string): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(path, { args: ["-c", program], stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}
