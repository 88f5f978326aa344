/** One run of a job with a sender and a probe, each a process of its own. */
import type { BenchBroker } from "./bench_broker.ts";
import { Child, cpuOf, type Saying } from "./child.ts";
import type { JobTask } from "./job_main.ts";
import type { ProbeTask } from "./probe_main.ts";
import type { Row } from "./report.ts";
import type { SenderTask } from "./sender_main.ts";

/**
 * How long events are sent before the measurement, in seconds. Java needs this time to compile the hot code of a new
 * broker.
 */
export const WARM_UP = 30;
/** How long the probe waits for a result that does not come, in milliseconds. */
const PATIENCE = 10_000;

/** What is run. */
export interface Played {
  /** Events a second. */
  readonly rate: number;
  /** The pipeline. @default "counts" */
  readonly kind?: JobTask["kind"];
  /** How many hops the events go through. @default 0 */
  readonly hops?: number;
  /** More flags for the job's process, to profile it. */
  readonly flags: readonly string[];
}

/** The final reports of the processes of a run. */
export interface Told {
  readonly reading: Saying;
  readonly sent: Saying;
  readonly seen: Saying;
  readonly finished: Saying;
  /** Seconds of processor time that the broker used. */
  readonly brokerCpu: number;
}

/** Starts job, probe and sender, and waits until all events are sent and all results are seen. */
export async function play(
  broker: BenchBroker,
  { rate, flags, kind = "counts", hops }: Played,
  { topic, output, folder, events }: { topic: string; output: string; folder: string; events: number },
): Promise<Told> {
  const { address } = broker;
  const state = `${folder}/state.db`;
  const jobTask: JobTask = { brokers: [address], kind, input: topic, output, state, ends: false, hops };
  const shop = kind === "recommendations";
  const probeTask: ProbeTask = {
    broker: address,
    topic: output,
    events,
    shop,
    patience: PATIENCE,
    times: `${folder}/arrived`,
  };
  const senderTask: SenderTask = { broker: address, topic, rate, events, shop, times: `${folder}/sent` };
  await using job = new Child("job", jobTask, { flags });
  const reading = await job.hears("reading");
  await using probe = new Child(kind === "seconds" ? "window_probe" : "probe", probeTask);
  await probe.hears("ready");
  const before = cpuOf(broker.pid);
  await using sender = new Child("sender", senderTask);
  const sent = await sender.hears("sent");
  const brokerCpu = cpuOf(broker.pid) - before;
  const seen = await probe.hears("seen");
  await job.stop();
  return { reading, sent, seen, finished: await job.hears("finished"), brokerCpu };
}

/** How long it ran, in seconds. */
export function durationOf({ sent }: Told): number {
  return (Number(sent.at) - Number(sent.began)) / 1000;
}

/** What each process took, in cores. */
export function showCosts({ rate }: Played, told: Told): Row {
  const { reading, sent, seen, finished, brokerCpu } = told;
  const took = durationOf(told);
  return {
    "events/s": rate,
    "broker": brokerCpu / took,
    "job": (Number(finished.cpu) - Number(reading.cpu)) / took,
    "sender": Number(sent.cpu) / took,
    "probe": Number(seen.cpu) / took,
    "transactions seen/s": Number(seen.fetches) / took,
  };
}
