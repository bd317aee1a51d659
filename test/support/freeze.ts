import { existsSync, readdirSync, readFileSync } from "node:fs";

const STOPPED_WITHIN_MS = 2_000;

/** Stops a process where it stands (SIGSTOP), and returns when all its threads stand: the signal alone takes its time. */
export function freeze(pid: number): void {
  process.kill(pid, "SIGSTOP");
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return;
  const until = Date.now() + STOPPED_WITHIN_MS;
  while (!readdirSync(tasks).every((task) => isStopped(`${tasks}/${task}/stat`))) {
    if (Date.now() > until) throw new Error(`process ${pid} does not stop`);
  }
}

/** The state follows the name, which may hold anything but ends with the last bracket. */
function isStopped(stat: string): boolean {
  return readFileSync(stat, "utf8")
    .replace(/^.*\) /s, "")
    .startsWith("T");
}
