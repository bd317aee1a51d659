import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isRunning, type ProcessIdentity, startOf } from "./process-identity.ts";

/** Where a backup is until it is whole: beside its place, under a name that says whose it is. */
export function draftOf(
  to: string,
  maker: ProcessIdentity = { pid: process.pid, started: startOf(process.pid) },
): string {
  return `${to}.new-${maker.pid}${maker.started === null ? "" : `-${maker.started.replace("/", "-")}`}`;
}

/**
 * Removes what backups to this place have left that were killed, which may be as large as the store. One that another process is making
 * stays; one that is made in another container at the same time, to the same place, is taken for left, and fails. What may not be seen or
 * removed stays too: it keeps no backup from being made.
 * @throws what the system says when the disk fails.
 */
export function removeLeftDrafts(to: string): void {
  const beginning = `${basename(to)}.new-`;
  for (const name of ifAllowed(() => readdirSync(dirname(to))) ?? []) {
    if (!name.startsWith(beginning)) continue;
    const maker = makerIn(name.slice(beginning.length));
    if (maker && !isRunning(maker)) ifAllowed(() => rmSync(join(dirname(to), name), { force: true }));
  }
}

function ifAllowed<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM"))
      return undefined;
    throw error;
  }
}

/** Undefined: of somebody else. */
function makerIn(end: string): ProcessIdentity | undefined {
  const [, pid, boot, ticks] = /^([1-9]\d{0,9})(?:-([0-9a-f-]{36})-(\d+))?(?:-journal)?$/.exec(end) ?? [];
  if (pid === undefined) return undefined;
  return { pid: Number(pid), started: boot === undefined ? null : `${boot}/${ticks}` };
}
