/** The `docker` command, and the name of the Kafka image. */
import { KAFKA_VERSION } from "./jars.ts";

/** The default image of Testcontainers: Apache Kafka's own. */
export const PUBLISHED_IMAGE = `apache/kafka:${KAFKA_VERSION}`;

/** The image to run: the one that `TIDEMARK_KAFKA_IMAGE` names, or the published one. */
export function kafkaImage(): string {
  return Deno.env.get("TIDEMARK_KAFKA_IMAGE") || PUBLISHED_IMAGE;
}

/** Runs `docker` and returns its output. Throws with docker's own message when it fails. */
export async function docker(...args: string[]): Promise<string> {
  return (await run(args)).out;
}

/** The last lines that a container printed to either of its streams. */
export async function logsOf(name: string, lines: number): Promise<string> {
  const { out, err } = await run(["logs", "--tail", String(lines), name]);
  return `${out}\n${err}`.trim();
}

async function run(args: string[]): Promise<{ out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null" }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  if (code !== 0) throw new Error(`Cannot run docker ${args[0]}: ${err}`);
  return { out, err };
}

/** Whether `docker` runs this without an error. */
export async function dockerDoes(...args: string[]): Promise<boolean> {
  return await docker(...args).then(() => true, () => false);
}
