/**
 * Questions before something is changed.
 *
 * @module
 */
import type { Context } from "./command.ts";
import { WrongUsage } from "./errors.ts";

/**
 * Whether the user agrees. Without a terminal nobody is asked.
 *
 * @throws {WrongUsage} when nobody can be asked, and no flag has answered
 */
export function isAgreed({ world, flags }: Pick<Context, "world" | "flags">, question: string): boolean {
  if (flags.yes === true) return true;
  if (flags.input === false || !world.canAsk) {
    throw new WrongUsage(`Nobody can be asked "${question}" here: give --yes, or --dry-run to see what would be done`);
  }
  return world.confirm(question);
}
