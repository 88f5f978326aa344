/**
 * All commands, in the order of the help.
 *
 * @module
 */
import type { CommandSpec } from "./command.ts";
import { deadLetters } from "./commands/dead_letters.ts";
import { doctor } from "./commands/doctor.ts";
import { inspect } from "./commands/inspect.ts";
import { jobs } from "./commands/jobs.ts";
import { produce } from "./commands/produce.ts";
import { report } from "./commands/report.ts";
import { reset } from "./commands/reset.ts";
import { state } from "./commands/state.ts";
import { tail } from "./commands/tail.ts";
import { topics } from "./commands/topics.ts";
import { watch } from "./commands/watch.ts";
import { why } from "./commands/why.ts";

/** All commands. `complete` is made by the library for completions. */
export const COMMANDS: readonly CommandSpec[] = [
  ...[jobs, inspect, why, watch, state, topics, tail, produce, deadLetters, reset, report, doctor],
];
