/**
 * An advisory lock on a file next to the one that only one process may use at a time.
 *
 * The lock belongs to the open file, so the kernel releases it when the process ends, even after `kill -9`. The file
 * itself is not deleted: otherwise two processes could hold locks on two files of one name.
 *
 * @module
 */

/** A lock that is held. */
export interface Lock {
  readonly heldBy: undefined;
  /** Frees the lock. A second call does nothing. */
  release(): void;
}

/** A lock that another process holds. */
export interface LockRefused {
  /** The holder, for a message: `process 4711, which runs the job "recommendations"`. */
  readonly heldBy: string;
}

/** Information about the holder, for the lock file. */
export interface LockOptions {
  /** The job's name, for the message that a second process prints. */
  readonly job?: string;
}

/**
 * Takes the lock of a path, at once or not at all.
 *
 * @param path the file that only one process may use; the lock is on `<path>.lock`, which is created if it is missing
 * @param options what to write into the lock file for other processes
 *
 * @throws {Deno.errors.NotFound} when the folder does not exist
 * @throws {Deno.errors.PermissionDenied} when the lock file may not be written
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
      // Emptied first, so that another process does not read this one's name as the holder's.
      file.truncateSync(0);
      file.close();
    },
  };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/**
 * Reads the holder of the lock. The name may be missing: the holder may not have written it yet, and Windows does not
 * allow reading a locked file.
 */
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
