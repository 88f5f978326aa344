/** Executes notebooks by Deno's kernel, in a home folder that is empty. */

const SCRIPT = new URL("execute.py", import.meta.url).pathname;

/** What a cell has shown. */
export interface Output {
  readonly output_type: "stream" | "display_data" | "execute_result" | "error";
  /** Of a stream: "stdout" or "stderr". */
  readonly name?: string;
  readonly text?: string;
  /** By their media types. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A notebook that was executed. */
export interface Executed {
  readonly path: string;
  readonly seconds: number;
  /** The message of the cell that has thrown. */
  readonly error: string | null;
  readonly cells: readonly { readonly source: string; readonly outputs: readonly Output[] }[];
  /** What was left in the home folder. */
  readonly left: readonly string[];
}

/** Executes notebooks, one after the other. */
export async function execute(python: string, paths: readonly string[]): Promise<Executed[]> {
  const folder = await Deno.makeTempDir({ prefix: "tidemark-notebooks-" });
  try {
    // Deno's own `deno jupyter --install` would write into the home folder.
    await Deno.mkdir(`${folder}/jupyter/kernels/deno`, { recursive: true });
    await Deno.mkdir(`${folder}/home`);
    const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
    await Deno.writeTextFile(
      `${folder}/jupyter/kernels/deno/kernel.json`,
      JSON.stringify({ argv, display_name: "Deno", language: "typescript" }),
    );
    const { success, stdout, stderr } = await new Deno.Command(python, {
      args: [SCRIPT, ...paths],
      env: {
        HOME: `${folder}/home`,
        DENO_DIR: await denoDir(),
        JUPYTER_PATH: `${folder}/jupyter`,
        JUPYTER_DATA_DIR: `${folder}/data`,
        JUPYTER_RUNTIME_DIR: `${folder}/runtime`,
        JUPYTER_CONFIG_DIR: `${folder}/config`,
        IPYTHONDIR: `${folder}/ipython`,
      },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(`The notebooks could not be executed: ${text.decode(stderr)}`);
    const left = Array.from(Deno.readDirSync(`${folder}/home`), ({ name }) => name);
    return text.decode(stdout).trim().split("\n").map((line) => ({ ...JSON.parse(line), left }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where Deno keeps the packages that are downloaded already. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
