import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory (0700) with its parents, each durable before the next. One step at a time: the recursive form of Node
 * never returns where a parent exists but refuses children, such as /proc.
 * @throws what the system says, such as EACCES, or ENOTDIR when there is a file in the way.
 */
export function makeDirectory(path: string): void {
  const whole = resolve(path);
  const known = statSync(whole, { throwIfNoEntry: false });
  if (known?.isDirectory()) return;
  if (known) throw Object.assign(new Error(`ENOTDIR: ${whole} is a file`), { code: "ENOTDIR" });
  if (dirname(whole) !== whole) makeDirectory(dirname(whole));
  try {
    mkdirSync(whole, { mode: 0o700 });
    syncDirectory(dirname(whole));
  } catch (error) {
    // Another process was faster.
    if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Makes names that were given, changed or taken in a directory survive the loss of power.
 * @throws what the system says when the disk fails (EIO, ENOSPC); where a directory may not be read or synced it does nothing.
 */
export function syncDirectory(path: string): void {
  let opened: number | undefined;
  try {
    opened = openSync(path, "r");
    fsyncSync(opened);
  } catch (error) {
    if (!isNotOffered(error)) throw error;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Some systems and file systems have no sync of directories, and a parent may be one that we may pass but not read. */
function isNotOffered(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && ["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "EROFS"].includes(code);
}
