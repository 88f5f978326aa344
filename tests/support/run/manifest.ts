/** The package's `deno.json`. */

/** The parts of it that tools read. */
export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly publish: { readonly exclude: readonly string[] };
}

/** Reads it from the top of the repository, which is the folder that tools run in. */
export async function manifest(): Promise<Manifest> {
  return JSON.parse(await Deno.readTextFile("deno.json"));
}
