import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory (0700) with its parents. One step at a time: the recursive form of Node never returns where a parent
 * exists but refuses children, such as /proc.
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
  } catch (error) {
    // Another process was faster.
    if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
