/**
 * Removes a container when its owner asks for it, and when the owner is gone, however that came about.
 *
 * The guard is a shell that reads from a pipe to us: the pipe ends when we close it and when our process ends, and the shell then
 * removes the container with its data. Ctrl+C reaches it as well, and must not keep it from that.
 */

const SCRIPT = `trap "" HUP INT TERM; cat; docker rm --force --volumes "$0"; true`;

/** A guard over one container. */
export interface ContainerGuard {
  /** Removes the container, which need not exist any more. */
  remove(): Promise<void>;
  /** Gives up the guard and leaves the container alone. */
  dismiss(): Promise<void>;
}

/** Guards a container by its name, from before it is made. */
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
