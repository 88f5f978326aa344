/**
 * The doctor looks at jobs: whether they may go on, and whether their input is still there.
 *
 * @module
 */
import { countOf, shownCount } from "../runtime/details_words.ts";
import type { StoredJob } from "../runtime/stored_job.ts";
import type { Finding } from "./finding.ts";
import { clean } from "./text.ts";
import type { Topics } from "./topics.ts";

/** What the heads of a job say. */
export function headsOf({ job, heads, resetting }: StoredJob): Finding[] {
  const check = `job ${job}`;
  const unsafe = heads.find((head) => head.unsafe !== undefined);
  if (unsafe !== undefined) {
    return [{
      ...{ check, result: "fail", found: `task ${unsafe.task} must not go on: ${clean(unsafe.unsafe!)}` },
      fix: `Change the pipeline, then: reset ${job} --to earliest`,
    }];
  }
  if (resetting !== undefined) {
    return [{ check, result: "warn", found: "a reset is asked for", fix: "Start the job, which carries it out" }];
  }
  const waiting = heads.reduce((sum, { waiting }) => sum + waiting.epochs, 0);
  const found = waiting === 0 ? countOf(heads.length, "task") : `${countOf(waiting, "epoch")} may not be visible yet`;
  const fix = waiting === 0 ? undefined : "Start the job, which publishes them";
  return [{ check, result: waiting === 0 ? "ok" : "warn", found, fix }];
}

/** Whether each input topic is as the job was made for, and has what the job reads next. */
export async function inputOf(topics: Topics, { job, inputs, heads }: StoredJob): Promise<Finding[]> {
  const known = new Set((await topics.list()).map(({ topic }) => topic));
  const findings: Finding[] = [];
  for (const [topic, partitions] of Object.entries(inputs)) {
    const check = `input ${clean(topic)} of ${job}`;
    if (!known.has(topic)) {
      findings.push({
        ...{ check, result: "fail", found: `not on ${topics.where}` },
        fix: "Create it, or name the brokers of the job with --brokers",
      });
      continue;
    }
    const bounds = await topics.bounds(topic);
    if (bounds.length !== partitions) {
      findings.push({
        ...{ check, result: "fail", found: `${bounds.length} partitions, and ${partitions} when the job was made` },
        fix: `Bring the records into a topic with ${partitions} partitions, or start the job under a new name`,
      });
      continue;
    }
    const reads = heads.flatMap((head) => head.offsets).filter((one) => one.topic === topic);
    const gone = reads.find(({ partition, offset }) => offset < bounds[partition].earliest);
    const beyond = reads.find(({ partition, offset }) => offset > bounds[partition].latest);
    const lag = reads.reduce((sum, { partition, offset }) => sum + Math.max(0, bounds[partition].latest - offset), 0);
    findings.push(
      gone !== undefined
        ? {
          ...{ check, result: "fail" },
          found: `${topic}/${gone.partition}@${gone.offset} is deleted; the first is ${
            bounds[gone.partition].earliest
          }`,
          fix: `Start the job with onMissing: "skip", or: reset ${job} --to earliest. Keep records for longer`,
        }
        : beyond !== undefined
        ? {
          ...{ check, result: "fail" },
          found: `${topic}/${beyond.partition}@${beyond.offset} is beyond the end, ${bounds[beyond.partition].latest}`,
          fix: `Was the topic made anew? reset ${job} --to earliest`,
        }
        : { check, result: "ok", found: `${countOf(partitions, "partition")}, lag ${shownCount(lag)}` },
    );
  }
  return findings;
}
