/**
 * `why JOB [STAGE]`: why a result has not come.
 *
 * @module
 */
import type { CommandSpec } from "../command.ts";
import { lookAt } from "../look.ts";
import { clean } from "../text.ts";

/** `why` */
export const why: CommandSpec = {
  name: "why",
  summary: "say why results have not come, and what to do",
  words: [
    { word: "<job>", means: "the job" },
    { word: "[stage]", means: "only this stage" },
  ],
  example: "why recommendations activity",
  needs: ["state", "page"],
  async run(context, [job, stage]) {
    const { printer } = context;
    const { details, explanations, from } = await lookAt(context, job!, stage);
    const { state, at } = details;
    printer.document({ job, state, from, at: new Date(at).toISOString(), explanations }, () => {
      if (explanations.length > 0) {
        return explanations.map(({ sentence, cure }) => {
          return cure === undefined ? clean(sentence) : `${clean(sentence)}\n  -> ${cure}`;
        }).join("\n");
      }
      return state === "finished" ? `Job ${job} is finished: nothing waits.` : "Nothing waits.";
    });
  },
};
