/**
 * How a command ends when it does not succeed.
 *
 * @module
 */

/** The command line is wrong. Exit code 2. */
export class WrongUsage extends Error {
  override name = "WrongUsage";
}

/** The user has interrupted the command. Exit code 130. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** The command has said on stdout what is wrong. Exit code 1. */
export class Failed extends Error {
  override name = "Failed";
}
