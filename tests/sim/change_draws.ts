/**
 * Draws the changes of a run: rights, limits and topics. They have dice of their own, from the run's seed.
 *
 * @module
 */
import type { Change, WorldFault } from "./faults.ts";
import { ACTIVITY, COUNTS, OUTPUTS } from "./pipelines.ts";
import { type Dice, diceOf, type Drawn } from "./scenario.ts";
import { INPUT } from "./traffic.ts";

/** The share of runs with a change. */
const SHARE = 0.12;
/** A long change lasts longer than the job may stay silent about it, in milliseconds. */
const LONG = [17_000, 26_000] as const;
const SHORT = [50, 9_000] as const;

/** How much larger the quota is where results are padded. A single epoch would take longer than a run otherwise. */
const LARGER = 100;

/** The changes of a run, and faults of its workers during them. */
export function changesOf({ seed, workers, partitions, inputMs, untilEnd, padding }: Drawn): WorldFault[] {
  const dice = diceOf(seed ^ 0x0c4a6e);
  const { chance, whole } = dice;
  if (!chance(SHARE)) return [];
  const faults: WorldFault[] = [];
  const span = untilEnd ? 1500 : Math.max(inputMs, 500);
  const most = chance(0.25) ? 2 : 1;
  for (let left = most; left > 0; left--) {
    const at = whole(0, span + 500);
    const [shortest, longest] = chance(0.35) ? LONG : SHORT;
    const ms = whole(shortest, longest);
    const what = drawn({ partitions, padding }, dice);
    // Two overlapping changes of one thing would restore the wrong value.
    if (what.change === "configure" && left < most) continue;
    // A job with an end must know at its start which transactions are open.
    const early = untilEnd && what.change === "hold";
    faults.push({ on: "time", at: early ? 0 : at, act: { do: "change", what, ms } });
    // During a change, workers start and stop, and the brokers are away for a moment.
    const during = () => at + whole(0, ms);
    const worker = whole(0, workers - 1);
    const restart = whole(50, 3000);
    if (chance(0.4)) {
      faults.push({ on: "time", at: during(), act: { do: chance(0.5) ? "stop" : "kill", worker, restart } });
    }
    if (chance(0.2)) faults.push({ on: "time", at: during(), act: { do: "down", ms: whole(100, 3000) } });
  }
  return faults;
}

function drawn(
  { partitions, padding }: Pick<Drawn, "partitions" | "padding">,
  { random, chance, whole }: Dice,
): Change {
  const topic = OUTPUTS[whole(0, OUTPUTS.length - 1)];
  const kinds: (() => Change)[] = [
    () => ({ change: "deny", right: { to: "write", topic } }),
    () => ({ change: "deny", right: { to: "read", topic: INPUT } }),
    () => ({ change: "deny", right: { to: "describe configs", topic } }),
    () => ({ change: "deny", right: { to: chance(0.5) ? "use groups" : "use transactional ids" } }),
    () => ({ change: "configure", topic, config: { "max.message.bytes": String(whole(100, 600)) } }),
    () => ({ change: "configure", topic: chance(0.5) ? ACTIVITY : COUNTS, config: OLD }),
    () => ({ change: "configure", topic: chance(0.5) ? ACTIVITY : COUNTS, config: PRESENT }),
    () => ({ change: "quota", bytes: whole(300, 5000) * (padding > 0 ? LARGER : 1) }),
    () => ({ change: "limit transactions", timeout: 8000 }),
    () => ({ change: "hold", partition: whole(0, partitions - 1), commit: chance(0.5) }),
  ];
  return kinds[Math.floor(random() * kinds.length)]();
}

/** Results of events ahead of the present are too new then. */
const PRESENT = { "message.timestamp.after.max.ms": "3000" };
/** Results of event time twelve hours ago are too old then. */
const OLD = { "message.timestamp.before.max.ms": "3600000" };
