/** A process that runs a job on an embedded log until it is killed: `hold_job.ts PATH`. Prints `running` once it has the log. */
import { embeddedLog, run } from "@tidemark/streams";

const path = Deno.args[0];
const kv = await Deno.openKv(path);
const log = embeddedLog(kv, { path });
await log.create("visits", { partitions: 1 });
await log.create("copies", { partitions: 1 });
const job = await run(log.source("visits").pipe(log.sink("copies")), { name: "holder", state: kv, log: () => {} });
console.log("running");
await job.finished;
