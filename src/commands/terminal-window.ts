import { closeSync, openSync } from "node:fs";

/**
 * Watches the terminal that a process was started in: its end comes as SIGHUP, as does the wish to read the settings again.
 * @returns a function that says whether the terminal was there at the start and is there no more.
 */
export function watchTerminal(): () => boolean {
  const atStart = hasTerminal();
  return () => atStart && !hasTerminal();
}

/** The system has this file for processes with a terminal only. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
