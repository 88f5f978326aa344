/**
 * `topics`: the topics of a state, or of a Kafka cluster.
 *
 * @module
 */
import { shownCount } from "../../runtime/details_words.ts";
import type { CommandSpec } from "../command.ts";

/** `topics` */
export const topics: CommandSpec = {
  name: "topics",
  summary: "list the topics of a state, or of a Kafka cluster",
  example: "topics --brokers localhost:9092",
  needs: ["state", "brokers"],
  async run({ printer, place }) {
    const rows = await (await place.topics()).list();
    printer.document(rows, () => {
      if (rows.length === 0) return "There is no topic.";
      return printer.table(
        ["TOPIC", "PARTITIONS", "RECORDS", ""],
        rows.map(({ topic, partitions, records, ended }) => {
          return [topic, partitions, shownCount(records), ended ? "ended" : ""];
        }),
      );
    });
  },
};
