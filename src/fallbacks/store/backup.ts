import { existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../core/clock.ts";
import { LayerError } from "../core/errors.ts";
import { createThreadGate } from "../core/thread-gate.ts";
import { startWorkerThread } from "../core/worker-thread.ts";
import { type BackupTask, type FileReport, taken } from "./backup-tasks.ts";
import type { BackupAnswer, BackupWork } from "./backup-worker.ts";
import { makeDirectory, syncDirectory } from "./directory.ts";
import { STORE_FILE } from "./embedded.ts";
import { lockDirectory } from "./lock.ts";
import { alone } from "./replica-mark.ts";
import { restoringPath } from "./sqlite.ts";

export type { FileReport } from "./backup-tasks.ts";
export { STORE_FILE } from "./embedded.ts";
export { SCHEMA_VERSION } from "./sqlite-schema.ts";

/**
 * Copies the store of a data directory, as it is at one moment, into one file, while it is in use by this or another process.
 * The file (0600) has its name only when it is complete and synced; what one that was killed has left beside it goes first. Off the event loop. While it copies, the log of the store
 * grows.
 * @throws {LayerError} `invalid_request` when `file` is there and `overwrite` is not true; `server` when there is no store, it
 * is damaged, or `file` cannot be written.
 */
export async function backup(options: {
  readonly directory: string;
  readonly file: string;
  readonly overwrite?: boolean;
}): Promise<void> {
  const { directory, file, overwrite = false } = options;
  const from = join(directory, STORE_FILE);
  const to = resolve(file);
  if (to === resolve(from)) throw new LayerError("invalid_request", `${file} is the store itself: name another file`);
  if (!overwrite && existsSync(to)) throw taken(file);
  await run({ kind: "copy", from, to, overwrite });
}

/**
 * Puts a backup into the place of the store of a data directory that no process uses, and keeps the store that was there.
 * A Redis that is configured is compared with it at the next start, so that nothing newer is lost there.
 * Interrupted, it leaves the old store, or a directory that refuses to start until it is run again.
 * @returns where the store that was there is now; undefined when there was none.
 * @throws {LayerError} `server` when a process uses the directory, or when the file is damaged, no store, or newer than this
 * program. Then nothing has changed.
 */
export async function restore(options: {
  readonly file: string;
  readonly directory: string;
  /** Names the file that is kept. */
  readonly clock?: Pick<Clock, "wall">;
}): Promise<{ readonly kept: string | undefined }> {
  const { directory, clock = systemClock } = options;
  const from = resolve(options.file);
  const file = join(resolve(directory), STORE_FILE);
  if (from === file)
    throw new LayerError("invalid_request", `${options.file} is the store itself: name a backup of it`);
  if (sizeOf(`${from}-wal`) > 0) {
    throw new LayerError("invalid_request", `${from} was copied while it was in use (${from}-wal): name a backup`);
  }
  makeDirectory(directory);
  const lock = lockDirectory(directory, { pid: process.pid, url: "(restoring a backup)" });
  try {
    const next = restoringPath(file);
    await prepare(from, next, file);
    const kept = keep(file, clock.wall());
    renameSync(next, file);
    syncDirectory(directory);
    return { kept };
  } finally {
    lock.release();
  }
}

/** Looks through a whole file, also while it is in use. Off the event loop. @throws {LayerError} when there is no file. */
export async function check(file: string): Promise<FileReport> {
  const report = await run({ kind: "check", file });
  if (!report) throw new LayerError("server", `there is no report about ${file}`);
  return report;
}

async function prepare(from: string, next: string, file: string): Promise<void> {
  try {
    await run({ kind: "prepare", from, to: next, alone: { collection: alone.collection, key: alone.key } });
  } catch (error) {
    // Where a restore was interrupted behind this step, it is what keeps a start from making an empty store.
    if (existsSync(file)) rmSync(next, { force: true });
    throw error;
  }
}

/**
 * Moves a store aside with its log, without which it would lack what was acknowledged last. The log has both names before the file
 * loses its own, and a log without its file is refused at the start.
 */
function keep(file: string, now: Date): string | undefined {
  const log = `${file}-wal`;
  const name = `${file}.before-restore-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
  if (existsSync(file)) {
    if (existsSync(log)) linkSync(log, `${name}-wal`);
    renameSync(file, name);
  }
  rmSync(log, { force: true });
  rmSync(`${file}-shm`, { force: true });
  return existsSync(name) ? name : undefined;
}

function run(task: BackupTask): Promise<FileReport | undefined> {
  return new Promise((done, failed) => {
    const gate = createThreadGate();
    const data: BackupWork = { task, gate: gate.shared };
    const file = new URL("./backup-worker.ts", import.meta.url);
    const thread = startWorkerThread<never, BackupAnswer>(file, { data, gate });
    thread.listen(
      (answer) => {
        if (answer.type === "done") done(answer.report);
        else failed(new LayerError(answer.errorClass, answer.message));
      },
      // After an answer this changes nothing.
      (reason) => failed(new LayerError("server", `the thread of the backup ended: ${reason}`)),
    );
    thread.hold(true);
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
