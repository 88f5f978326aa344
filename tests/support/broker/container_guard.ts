/**
 * Removes a container when its owner requests it, and when the owner ends in any way.
 *
 * The guard is a shell that reads from a pipe. The pipe ends when we close it, and when our process ends; the shell
 * then removes the container with its data. It ignores Ctrl+C, so that it can still do this.
 */

const SCRIPT = `trap "" HUP INT TERM; cat; docker rm --force --volumes "$0"; true`;

/** A guard over one container. */
export interface ContainerGuard {
  /** Removes the container, if it still exists. */
  remove(): Promise<void>;
  /** Ends the guard without removing the container. */
  dismiss(): Promise<void>;
}

/** Guards a container by its name. To be called before the container is created. */
export function guardContainer(name: string): ContainerGuard {
  const guard = new Deno.Command("sh", {
    args: ["-c", SCRIPT, name],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async remove() {
      await guard.stdin.close();
      await guard.status;
    },
    async dismiss() {
      guard.kill("SIGKILL");
      await guard.stdin.close().catch(() => {});
      await guard.status;
    },
  };
}
