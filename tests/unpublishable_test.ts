/** Where unpublishable results may go. */
import { assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deadLetter, memory } from "@tidemark/streams";
import type { AfterCommit } from "@tidemark/streams/connectors";
import type { OpenJob } from "../runtime/opening.ts";
import { settingsOf } from "../runtime/options.ts";
import { sinkKey } from "../runtime/outputs.ts";
import { letterMaker } from "../runtime/unpublishable.ts";
import { sinkSpec } from "../connectors/verbs.ts";

describe("the sink of unpublishable results", () => {
  it("is on the cluster whose transaction carries the other results, or the job is refused", async () => {
    const log = memory();
    const connection = await log.open({ job: "job", store: undefined!, now: Date.now, log: () => {} });
    const info = await connection.topic("dead");
    const unpublishable = deadLetter(log.sink("dead"));
    const settings = settingsOf({ name: "job", state: ":memory:", unpublishable });
    const sinks = new Map([[sinkKey(sinkSpec(log, "dead")), { info, delivery: connection.delivery, inCommit: 0 }]]);
    const delivery = { kind: "afterCommit" } as AfterCommit;
    const open = { sinks, delivery } as unknown as OpenJob;
    assertThrows(() => letterMaker(settings, open), TypeError, `their sink "dead" must be on the same Kafka cluster`);
    letterMaker(settings, { ...open, delivery: undefined });
  });
});
