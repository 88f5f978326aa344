/** `deno task broker`: a local Apache Kafka to play with, until Ctrl+C. */
import { startBroker } from "./broker.ts";

if (import.meta.main) {
  const port = Number(Deno.args[0] ?? 9092);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    console.error(`Cannot start a broker: the port must be a number from 1 to 65535, current value is ${Deno.args[0]}`);
    Deno.exit(2);
  }
  try {
    await play(port);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}

async function play(port: number): Promise<void> {
  const asked = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGINT", asked.resolve);
  Deno.addSignalListener("SIGTERM", asked.resolve);
  console.error("Starting Apache Kafka (the first time, its jars are fetched) ...");
  await using broker = await startBroker({ port, partitions: 4 });
  console.log(broker.brokers.join(","));
  console.error(
    `Kafka answers there. Try: deno task start --brokers ${broker.brokers} --create-topics. Ctrl+C ends it.`,
  );
  await asked.promise;
  console.error("Stopping.");
  Deno.removeSignalListener("SIGINT", asked.resolve);
  Deno.removeSignalListener("SIGTERM", asked.resolve);
}
