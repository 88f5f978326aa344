/**
 * Ways to get the engine wrong, as patches of its source. The simulator must find each of them.
 *
 * The first eight are those of the model of commit and publish, the next four those of the model of chunk keys.
 *
 * @module
 */
import { BROADCASTS } from "./broadcast_mutations.ts";
import { HOPS } from "./hop_mutations.ts";
import type { Edit, Mutation } from "./mutation.ts";
import { RECOVERIES } from "./recovery_mutations.ts";
import { SILENCES } from "./silent_mutations.ts";
import { STAGES } from "./stage_mutations.ts";
import { TABLES } from "./table_mutations.ts";

const TAKEOVER = "runtime/takeover.ts";
const PUBLISHER = "runtime/publisher.ts";
const EPOCHS = "runtime/epochs.ts";
const OWNED = "runtime/owned_task.ts";
const RUNNER = "runtime/task_runner.ts";
const KEYS = "state/keys.ts";
const COMMIT = "state/commit.ts";

const BELIEVE_ANY_MARKER: Edit = {
  file: "state/decide.ts",
  find: 'if (begun > epoch) return { kind: "ahead", epoch, marker: begun };',
  replace: "void begun;",
};

const PUBLISH: readonly Mutation[] = [
  {
    name: "forget earlier publishers",
    run: 3,
    masked: "a head without its last owner's publisher is refused before it is written",
    edits: [
      {
        file: "state/decide.ts",
        find: "publishers: publisher === undefined ? kept : [...kept, publisher]",
        replace: "publishers: publisher === undefined ? kept : [publisher]",
      },
      {
        file: "state/successor.ts",
        find: "if (owner !== undefined && !after.publishers.includes(owner))",
        replace: 'if (owner === "")',
      },
    ],
  },
  {
    name: "connect without fencing",
    run: 3,
    edits: [{
      file: TAKEOVER,
      find: "for (const id of others) await open.delivery?.fence(id);",
      replace: "void open;",
    }],
  },
  {
    name: "read the marker before fencing",
    run: 416,
    edits: [
      {
        file: TAKEOVER,
        find: "  await fenceOthers(parts, claims.map(({ checkpoint }) => checkpoint));",
        replace:
          "  for (const { number } of claims) early.set(`${parts.publisherId} ${number}`, await markerOf(parts, number));\n" +
          "  await fenceOthers(parts, claims.map(({ checkpoint }) => checkpoint));",
      },
      {
        file: TAKEOVER,
        find: "  const marker = await markerOf(parts, number);",
        replace: "  const marker = early.get(`${parts.publisherId} ${number}`);",
      },
      {
        file: TAKEOVER,
        find: "/** A task that was taken over. */",
        replace: "const early = new Map<string, number | undefined>();\n/** A task that was taken over. */",
      },
    ],
  },
  {
    name: "skip reading the heads again",
    run: 926,
    edits: [
      { file: PUBLISHER, find: "if (!task.lost && !(await task.verify())) task.lose();", replace: "void task;" },
      { file: TAKEOVER, find: "  await checkpoint.verify();\n", replace: "" },
    ],
  },
  {
    name: "publish again after an unknown outcome",
    run: 75,
    edits: [{ file: PUBLISHER, find: "if (mine.length > 0) {", replace: "if (mine.length < 0) {" }],
  },
  {
    name: "drop the outbox at the next commit",
    run: 177,
    edits: [{
      file: "state/decide.ts",
      find: "const waiting = head.outbox.filter(({ epoch }) => epoch > request.published);",
      replace: "const waiting = head.outbox.slice(0, 0);",
    }],
  },
  {
    name: "publish before commit",
    run: 9,
    masked: "a marker ahead of the head is taken for a sign of an older store",
    edits: [
      {
        file: EPOCHS,
        find: "    const { outcomes } = await commitCuts(",
        replace: [
          "    for (const { task, epoch } of cuts) {",
          "      if (epoch.outputs.published.length > 0) task.outbox.committed(task.checkpoint.head.epoch + 1);",
          "    }",
          "    await this.parts.publisher?.publish(this.parts.tasks);",
          "    const { outcomes } = await commitCuts(",
        ].join("\n"),
      },
      {
        file: EPOCHS,
        find: "    task.outbox.committed(task.checkpoint.head.epoch, this.parts.meter.commits, handed);",
        replace:
          "    if (epoch.outputs.published.length === 0) task.outbox.committed(task.checkpoint.head.epoch, 0, handed);",
      },
      BELIEVE_ANY_MARKER,
    ],
  },
  {
    name: "commit without the fence check",
    run: 15,
    edits: [{ file: COMMIT, find: "        left.map(checkOf),", replace: "        []," }],
  },
];

const CHUNKS: readonly Mutation[] = [
  {
    name: "no fence in a chunk's key",
    run: 3,
    masked: "the sweep takes what is under another fence than its own for garbage",
    edits: [
      {
        file: KEYS,
        find: '["job", this.job, this.task, place.kind, place.fence, place.attempt, place.index]',
        replace: '["job", this.job, this.task, place.kind, "any", place.attempt, place.index]',
      },
      {
        file: KEYS,
        find: 'return ["job", this.job, this.task, kind, fence];',
        replace: 'void fence;\n    return ["job", this.job, this.task, kind, "any"];',
      },
      {
        file: KEYS,
        find: 'return ["job", this.job, this.task, kind, fence, attempt];',
        replace: 'void fence;\n    return ["job", this.job, this.task, kind, "any", attempt];',
      },
      {
        file: "state/sweep.ts",
        find: "if (fence !== own && !isLive(fence, attempt, index))",
        replace: 'if (own === "" && !isLive(fence, attempt, index))',
      },
    ],
  },
  {
    name: "no attempt in a chunk's key",
    run: 1,
    edits: [
      {
        file: KEYS,
        find: '["job", this.job, this.task, place.kind, place.fence, place.attempt, place.index]',
        replace: '["job", this.job, this.task, place.kind, place.fence, 0, place.index]',
      },
    ],
  },
  {
    name: "unguarded sweep",
    run: 616,
    masked: "the head is read again before each delete",
    edits: [
      {
        file: "state/sweep.ts",
        find: "store.atomic([{ key: keys.head, versionstamp: found.versionstamp }], piece)",
        replace: "store.atomic([], piece)",
      },
      {
        file: "state/sweep.ts",
        find: "if (found?.head.fence !== fence) {",
        replace: 'if (found?.head.fence === "") {',
      },
    ],
  },
  {
    name: "trust ok: false",
    run: 756,
    edits: [{
      file: COMMIT,
      find: "      await this.#judge(left);\n",
      replace: [
        "      if (result instanceof UnavailableError) await this.#judge(left);",
        "      else {",
        '        const doomed = left.flatMap(({ ahead }) => ahead.map(({ key }) => ({ type: "delete", key }) as const));',
        "        await this.store.atomic([], doomed);",
        '        for (const cut of left) cut.settle("fenced");',
        "      }",
        "",
      ].join("\n"),
    }],
  },
];

const OTHERS: readonly Mutation[] = [
  {
    name: "the markers stand in the job's own group",
    run: 20,
    edits: [{
      file: "connectors/kafka/delivery.ts",
      find: "`${name}.${incarnation}.epochs`",
      replace: "incarnation === name ? incarnation : name",
    }],
  },
  { name: "a marker newer than the head is believed", run: 10, edits: [BELIEVE_ANY_MARKER] },
  {
    name: "publishers are fenced only when something is unpublished",
    run: 93,
    edits: [{
      file: TAKEOVER,
      find: "const others = new Set(checkpoints.flatMap(",
      replace: "const others = new Set(checkpoints.filter(({ head }) => head.outbox.length > 0).flatMap(",
    }],
  },
  {
    name: "the position is the last record's offset plus one",
    run: 2,
    edits: [
      {
        file: "runtime/input_queue.ts",
        find: "this.position = this.#next === records.length ? position : behind(record);",
        replace: "this.position = record.offset + 1;",
      },
      {
        file: "runtime/input_queue.ts",
        find: "if (this.empty && this.#held.length === 0) this.position = batch.position;",
        replace: "if (this.empty && this.#held.length === 0) return true;",
      },
    ],
  },
  {
    name: "the clocks are not in the head",
    run: 11,
    edits: [{
      file: OWNED,
      find: "      offsets: mapOffsets(this.offsets()),\n      clocks,",
      replace: "      offsets: mapOffsets(this.offsets()),\n      clocks: {},",
    }],
  },
  {
    name: "one chunk of an outbox is skipped",
    run: 3,
    edits: [{
      file: "state/epoch_cutter.ts",
      find: '{ kind: "outbox", fence: head.fence, attempt }, outbox),',
      replace: '{ kind: "outbox", fence: head.fence, attempt }, outbox).slice(0, -1),',
    }],
  },
  {
    name: "deltas are restored out of order",
    run: 3,
    edits: [{
      file: "state/restore.ts",
      find: "for (const range of head.ranges) {",
      replace: "for (const range of head.ranges.toReversed()) {",
    }],
  },
  {
    name: "a live chunk is swept",
    run: 1,
    edits: [{
      file: "state/sweep.ts",
      find: "if (fence !== own && !isLive(fence, attempt, index))",
      replace: "void isLive, index, attempt;\n    if (fence !== own)",
    }],
  },
  {
    name: "an epoch is cut inside a record",
    run: 2,
    edits: [
      {
        file: "runtime/routes.ts",
        find: "        subscribers[s].next(value);\n        if (task.failure !== undefined) return;\n",
        replace: [
          "        subscribers[s].next(value);",
          "        if (task.failure !== undefined) return;\n        if (s > 0) continue;",
          "        const { timestamp, slot } = task; (task.host as unknown as { between(): void }).between();",
          "        Object.assign(task, { active: true, record, slot, timestamp });",
          "",
        ].join("\n"),
      },
      { file: RUNNER, find: "  changed = false;\n", replace: "  changed = false;\n  between = (): void => {};\n" },
      {
        file: "runtime/loop.ts",
        find: "      if (!epochs.full) owned.runner.pushSlice(",
        replace:
          "      owned.runner.between = () => void epochs.advance();\n      if (!epochs.full) owned.runner.pushSlice(",
      },
    ],
  },
  {
    name: "the timer of a window is forgotten when it is restored",
    run: 19,
    edits: [{
      file: "operators/_window_stage.ts",
      find: "for (const start of this.#state.namespaces()) {",
      replace: "for (const start of [...this.#state.namespaces()].slice(1)) {",
    }],
  },
  {
    name: "a first marker is published by a new life without looking at the heads",
    run: 1611,
    masked: "a job begins with the life of its rehearsal",
    edits: [
      {
        file: PUBLISHER,
        find: "    await this.#persist(() => [...this.#tasks(), task], async (life) => {",
        replace: "    this.#life ??= await this.parts.delivery.open(this.parts.owner);\n" +
          "    await this.#persist(() => [...this.#tasks(), task], async (life) => {",
      },
      {
        file: PUBLISHER,
        find: "  begin(life: DeliveryLife): void {\n    this.#life = life;",
        replace: "  begin(life: DeliveryLife): void {\n    void life.close();",
      },
    ],
  },
];

const GUARDS: readonly Mutation[] = [
  {
    name: "a marker that the broker has forgotten is taken for 0",
    run: 76,
    edits: [{
      file: PUBLISHER,
      find: "    task.resolve(marker);",
      replace: "    task.resolve(marker ?? { epoch: 0, rows: 0, moved: 0 });",
    }],
  },
  {
    name: "a topic that was made anew is read at the old one's offsets",
    run: 15,
    edits: [{
      file: TAKEOVER,
      find: "if (reset === undefined) refuseOthers(settings.name, checkpoint.head, topics);",
      replace: "void refuseOthers;",
    }],
  },
  {
    name: "a topic may have more partitions than its tasks were made for",
    run: 86,
    edits: [{ file: "runtime/opening.ts", find: 'if (difference.kind !== "partitions") return;', replace: "return;" }],
  },
  {
    name: "input that is gone is passed over in silence",
    run: 120,
    edits: [{ file: "runtime/worker.ts", find: 'if (settings.onMissing === "stop") {', replace: "if (next < 0) {" }],
  },
  {
    name: "the place behind what is gone is not committed",
    run: 97,
    masked: "a fetch without records commits the place as well",
    edits: [
      {
        file: "runtime/input_queue.ts",
        find: "this.#push({ records: [], position: next, missing });",
        replace: "this.missing += missing;",
      },
      { file: "runtime/worker.ts", find: "if (moved && !queue.hop) runner.changed = true;", replace: "void moved;" },
    ],
  },
];

const WAITS: Mutation = {
  name: "a store that has stopped answering is waited for for ever",
  run: 131,
  edits: [{ file: "state/kv_store.ts", find: "return this.#answered(act());", replace: "return act();" }],
};

export const MUTATIONS: readonly Mutation[] = [
  ...PUBLISH,
  ...CHUNKS,
  ...OTHERS,
  ...GUARDS,
  WAITS,
  ...STAGES,
  ...RECOVERIES,
  ...HOPS,
  ...BROADCASTS,
  ...SILENCES,
  ...TABLES,
];
