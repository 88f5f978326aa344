/** The `docker` command, and which image of Kafka is meant. */
import { KAFKA_VERSION } from "./jars.ts";

/** What Testcontainers takes by default: Apache Kafka's own image. */
export const PUBLISHED_IMAGE = `apache/kafka:${KAFKA_VERSION}`;

/** The image to run: the one that `TIDEMARK_KAFKA_IMAGE` names, or the published one. */
export function kafkaImage(): string {
  return Deno.env.get("TIDEMARK_KAFKA_IMAGE") || PUBLISHED_IMAGE;
}

/** Runs `docker` and returns what it printed; throws with its own words where it failed. */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`Cannot run docker ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Whether `docker` does that without an error. */
export async function dockerDoes(...args: string[]): Promise<boolean> {
  return await docker(...args).then(() => true, () => false);
}
