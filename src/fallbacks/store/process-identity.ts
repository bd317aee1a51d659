import { readFileSync } from "node:fs";

/** A process that may be no more. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as `startOf` told it; null where that was not told. */
  readonly started: string | null;
}

/**
 * Nobody has its pid, or, on Linux, the pid belongs to a process that started at another time (after a restart of a container everybody
 * has the same small pids): then it is gone.
 */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Boot and start time of a process in clock ticks (proc(5), field 22 of stat); null where there is no /proc. */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in brackets that may itself hold spaces and brackets.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks === undefined ? null : `${boot}/${ticks}`;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
