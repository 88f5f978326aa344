/**
 * One process at a time: an advisory lock on a file beside the thing that must not be shared.
 *
 * The lock belongs to the open file, so the kernel frees it when the process ends, however it ends; a restart after
 * `kill -9` finds it free. The file itself stays: to delete it would let two processes hold locks on two files of one name.
 *
 * @module
 */

/** A lock that is held. */
export interface Lock {
  readonly heldBy: undefined;
  /** Frees the lock. A second call does nothing. */
  release(): void;
}

/** A lock that somebody else holds. */
export interface LockRefused {
  /** Who holds it, for a message: `process 4711, which runs the job "recommendations"`. */
  readonly heldBy: string;
}

/** What the lock file says of its holder. */
export interface LockOptions {
  /** The job's name, for the message that a second process prints. */
  readonly job?: string;
}

/**
 * Takes the lock of a path, at once or not at all.
 *
 * @param path The file that must have one user; the lock is on `<path>.lock`, which is made where it is missing.
 * @param options What to leave in the lock file for others to read.
 *
 * @throws {Deno.errors.NotFound} If the folder does not exist.
 * @throws {Deno.errors.PermissionDenied} If the lock file may not be written.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock | LockRefused> {
  const file = await Deno.open(`${path}.lock`, { read: true, write: true, create: true });
  try {
    if (!await file.tryLock(true)) {
      const heldBy = await holder(file);
      file.close();
      return { heldBy };
    }
    await file.truncate(0);
    await writeAll(file, new TextEncoder().encode(JSON.stringify({ pid: Deno.pid, job: options.job }) + "\n"));
  } catch (error) {
    file.close();
    throw error;
  }
  let held = true;
  return {
    heldBy: undefined,
    release(): void {
      if (!held) return;
      held = false;
      // Emptied first, so that whoever reads it next does not take this process for the holder.
      file.truncateSync(0);
      file.close();
    },
  };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Reads who holds the lock. The holder may be just about to write its name, and Windows lets nobody read a locked file. */
async function holder(file: Deno.FsFile): Promise<string> {
  try {
    const buffer = new Uint8Array(4096);
    const length = await file.read(buffer) ?? 0;
    const { pid, job } = JSON.parse(new TextDecoder().decode(buffer.subarray(0, length))) as {
      pid: number;
      job?: string;
    };
    return job === undefined ? `process ${pid}` : `process ${pid}, which runs the job ${JSON.stringify(job)}`;
  } catch {
    return "another process";
  }
}
