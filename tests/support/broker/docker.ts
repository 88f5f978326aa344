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
  const { code, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`Cannot run docker ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Whether `docker` runs this without an error. */
export async function dockerDoes(...args: string[]): Promise<boolean> {
  return await docker(...args).then(() => true, () => false);
}
