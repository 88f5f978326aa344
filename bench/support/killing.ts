/** Runs a job that is killed with SIGKILL on its way and started again with the same command. */
import { KafkaConnection } from "../../connectors/kafka/connection.ts";
import { KafkaJsDriver } from "../../connectors/kafka/kafkajs_driver.ts";
import type { BenchBroker } from "./bench_broker.ts";
import { PARTITIONS } from "./events.ts";
import { RawBroker } from "./raw_broker.ts";

/** How often the job's progress is checked, in milliseconds. */
const LOOK = 100;

/**
 * Waits until new topics can be written. At first their leaders do not know that they are leaders and refuse writes;
 * `bounds` is retried until they answer.
 */
export async function leadersAnswer({ address }: BenchBroker, topics: readonly string[]): Promise<void> {
  const connection = await KafkaConnection.open(new KafkaJsDriver([address], {}));
  for (const topic of topics) await connection.bounds(topic);
  await connection.close();
}

/**
 * Starts and kills the job several times, each time after a further part of the results. Returns the number of visible
 * results at each kill.
 */
export async function killOnTheWay(
  broker: BenchBroker,
  { command, output, events, kills, random, logs }: {
    command: Deno.Command;
    output: string;
    events: number;
    kills: number;
    random: () => number;
    logs: string[];
  },
): Promise<number[]> {
  const connection = await RawBroker.connect(broker.address);
  const visible = async () =>
    (await connection.offsets(output, PARTITIONS, "stable")).reduce((sum, one) => sum + one, 0);
  const fell: number[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    const at = events * (kill - 0.5 + random() * 0.5) / (kills + 1);
    const child = command.spawn();
    const said = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    let ended = false;
    const status = child.status.finally(() => ended = true);
    while (!ended && await visible() < at) await new Promise((resolve) => setTimeout(resolve, LOOK));
    if (!ended) child.kill("SIGKILL");
    const { signal } = await status;
    const [, errors] = await said;
    logs.push(errors);
    if (signal !== "SIGKILL") throw new Error(`The job ended by itself before its kill ${kill}:\n${errors}`);
    fell.push(await visible());
  }
  await connection.close();
  return fell;
}

/** Runs the job to its end. Returns the summary, the last line of its output. */
export async function toTheEnd(command: Deno.Command, logs: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  logs.push(decoder.decode(stderr));
  if (code !== 0) throw new Error(`The job ended with code ${code}:\n${decoder.decode(stderr)}`);
  return JSON.parse(decoder.decode(stdout).trim().split("\n").pop()!);
}
