/**
 * The lines of a file or of stdin.
 *
 * @module
 */
import type { World } from "./world.ts";

/** Opens a file; `-` is stdin. */
export async function linesOf(world: Pick<World, "input">, path: string): Promise<AsyncIterable<string>> {
  const bytes = path === "-" ? world.input() : (await opened(path)).readable;
  return split(bytes);
}

async function opened(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read ${path}: there is no such file`, { cause: error });
  }
}

async function* split(bytes: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
