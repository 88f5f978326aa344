/**
 * `doctor`: looks for what is wrong, and says how to mend it.
 *
 * @module
 */
import { messageOf } from "../../base/thrown.ts";
import { jobsOn } from "../../runtime/stored_job.ts";
import type { CommandSpec, Context } from "../command.ts";
import { headsOf, inputOf } from "../doctor_jobs.ts";
import { brokersOf, rightsFound, settingsOf } from "../doctor_kafka.ts";
import { denoOf, fileOf, kvOf, permissionsOf } from "../doctor_machine.ts";
import { Failed } from "../errors.ts";
import { examined, type Finding } from "../finding.ts";
import { lookAt } from "../look.ts";
import { Styled } from "../printer.ts";

/** `doctor` */
export const doctor: CommandSpec = {
  name: "doctor",
  summary: "look for what is wrong with this machine, the state, its jobs and the brokers, and how to mend it",
  example: "doctor --brokers localhost:9092",
  needs: ["state", "brokers"],
  async run(context) {
    const { printer } = context;
    const findings: Finding[] = [];
    for await (const some of all(context)) findings.push(...some);
    const failed = findings.filter(({ result }) => result === "fail").length;
    printer.document({ ok: failed === 0, findings }, () =>
      [
        printer.table(
          ["", "CHECK", "FOUND"],
          findings.map(({ result, check, found }) => [new Styled(printer.signal(result, result)), check, found]),
        ),
        ...findings.flatMap(({ check, fix }) => fix === undefined ? [] : [`${check}: ${fix}`]),
      ].join("\n"));
    if (failed > 0) throw new Failed();
  },
};

async function* all(context: Context): AsyncIterable<readonly Finding[]> {
  const { world, place, flags } = context;
  yield denoOf(Deno.version.deno);
  yield await examined("Deno KV", () => kvOf(world.clock), "Run with --unstable-kv, or set it in deno.json");
  const state = await place.state().catch(messageOf);
  const isNamed = flags.state !== undefined || !state.startsWith("Which state?");
  yield await examined("permissions", () => permissionsOf(isNamed ? state : undefined, flags.brokers));
  if (isNamed) {
    yield await examined("state", () => fileOf(state), "Name another one with --state");
    yield* jobs(context);
  } else yield [{ check: "state", result: "warn", found: "none", fix: `${state}` }];
  if (flags.brokers !== undefined) {
    yield await examined("brokers", async () => await brokersOf((await place.kafka())!));
  }
}

async function* jobs(context: Context): AsyncIterable<readonly Finding[]> {
  const { world, place } = context;
  let names: readonly string[];
  try {
    names = await jobsOn(await place.store(), world.clock);
  } catch (error) {
    yield [{ check: "jobs", result: "fail", found: messageOf(error) }];
    return;
  }
  for (const name of names) {
    yield await examined(`job ${name}`, async () => headsOf(await place.job(name)));
    yield await examined(
      `input of ${name}`,
      async () => await inputOf(await place.topics(), await place.job(name)),
      "Name the brokers of the job with --brokers",
    );
    yield await examined(`rights of ${name}`, () => rightsOf(context, name));
    yield await examined(`topics of ${name}`, () => topicsOf(context, name));
  }
}

/** The rights of a job on Kafka, as far as the user of this command has them. */
async function rightsOf(context: Context, name: string): Promise<readonly Finding[]> {
  const kafka = await context.place.kafka();
  if (kafka === undefined) return [];
  const { job, inputs, hops } = await context.place.job(name);
  const { details } = await lookAt(context, name);
  const isHop = (topic: string): boolean => hops.includes(topic);
  return rightsFound(
    job,
    await kafka.rights({
      ...{ job, hops, inputs: Object.keys(inputs).filter((topic) => !isHop(topic)) },
      outputs: Object.keys(details.outputs).filter((topic) => !isHop(topic)),
    }),
  );
}

/** The settings of the topics that a job reads and writes on Kafka. */
async function topicsOf(context: Context, job: string): Promise<readonly Finding[]> {
  const kafka = await context.place.kafka();
  if (kafka === undefined) return [];
  const known = new Set((await kafka.list()).map(({ topic }) => topic));
  const { inputs } = await context.place.job(job);
  const { details } = await lookAt(context, job);
  const findings: Finding[] = [];
  for (const topic of new Set([...Object.keys(inputs), ...Object.keys(details.outputs)])) {
    if (known.has(topic)) findings.push(...await settingsOf(kafka, topic, Object.hasOwn(inputs, topic)));
  }
  return findings;
}
