import { chmodSync, constants, copyFileSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { LayerError } from "../core/errors.ts";
import { draftOf, removeLeftDrafts } from "./backup-draft.ts";
import { syncDirectory } from "./directory.ts";
import { keyToBytes } from "./key-order.ts";
import type { Place } from "./port.ts";
import { syncFile } from "./rewrite.ts";
import { openExisting, storeError } from "./sqlite.ts";
import { checkVersion, migrate, type SqliteDatabase, versionOf } from "./sqlite-schema.ts";

/** What `check` finds out about a file. */
export interface FileReport {
  readonly schemaVersion: number;
  /** What SQLite and we find wrong, in English, at most 100; empty for a sound file. */
  readonly problems: readonly string[];
  /** Records by collection; empty when the file cannot be read. */
  readonly records: Readonly<Record<string, number>>;
  readonly graves: number;
  /** Of the file. */
  readonly bytes: number;
  /** Of the write-ahead log beside it, which belongs to it; 0 where there is none. */
  readonly logBytes: number;
}

/** Work that reads or writes a whole file; each runs in a thread of its own. */
export type BackupTask =
  | { readonly kind: "copy"; readonly from: string; readonly to: string; readonly overwrite: boolean }
  | { readonly kind: "check"; readonly file: string }
  | { readonly kind: "prepare"; readonly from: string; readonly to: string; readonly alone: Place };

/** A writer in the process that uses the file is waited for this long, in ms. */
const BUSY_MS = 10_000;
const MOST_PROBLEMS = 100;

/** @throws {LayerError} that names the file and what to do. */
export async function runBackupTask(task: BackupTask): Promise<FileReport | undefined> {
  if (task.kind === "check") return inspect(task.file);
  if (task.kind === "copy") await copy(task.from, task.to, task.overwrite);
  else await prepare(task);
  return undefined;
}

/** One moment of the store, whoever writes to it meanwhile, under its name only when it is whole and synced. */
async function copy(from: string, to: string, overwrite: boolean): Promise<void> {
  const draft = draftOf(to);
  await using(from, `cannot back up to ${to} from`, (database) => {
    checkIsOurs(database, from);
    removeLeftDrafts(to);
    try {
      rmSync(draft, { force: true });
      database.exec(`VACUUM INTO '${draft.replaceAll("'", "''")}'`);
      chmodSync(draft, 0o600);
      syncFile(draft);
      place(draft, to, overwrite);
      syncDirectory(dirname(to));
    } finally {
      rmSync(draft, { force: true });
    }
  });
}

function place(draft: string, to: string, overwrite: boolean): void {
  if (overwrite) {
    renameSync(draft, to);
    return;
  }
  try {
    linkSync(draft, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") throw taken(to);
    throw error;
  }
}

/** @throws {LayerError} `invalid_request` */
export function taken(file: string): LayerError {
  return new LayerError("invalid_request", `${file} is there already: name another file, or allow to overwrite it`);
}

async function inspect(file: string): Promise<FileReport> {
  const sizes = { bytes: sizeOf(file), logBytes: sizeOf(`${file}-wal`) };
  return using(file, "cannot check", (database) => {
    try {
      const schemaVersion = versionOf(database);
      const problems = problemsOf(database);
      if (!isOurs(database)) problems.push("it is no store of this program");
      if (problems.length > 0) return { schemaVersion, problems, records: {}, graves: 0, ...sizes };
      return { schemaVersion, problems, ...countsOf(database), ...sizes };
    } catch (error) {
      // Too damaged to be asked.
      const problems = [error instanceof Error ? error.message : String(error)];
      return { schemaVersion: 0, problems, records: {}, graves: 0, ...sizes };
    }
  });
}

/**
 * A copy of a backup that can take the place of a store. To a Redis that other instances share it must look like a store that
 * was alone: what both have is compared then, record by record. The journal of the backup's time would be replayed by its
 * numbers, and Redis is far ahead of them.
 */
async function prepare({ from, to, alone }: Extract<BackupTask, { readonly kind: "prepare" }>): Promise<void> {
  await using(from, "cannot restore", checkIsSound);
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, 0o600);
  await using(to, "cannot prepare", (database) => {
    migrate(database);
    markAlone(database, alone);
  });
  syncFile(to);
}

function checkIsSound(database: SqliteDatabase, file: string): void {
  checkIsOurs(database, file);
  const [problem] = problemsOf(database);
  if (problem) throw new LayerError("server", `${file} is damaged (${problem}): take another backup`);
}

async function using<T>(file: string, doing: string, work: (database: SqliteDatabase, file: string) => T): Promise<T> {
  const database = await openExisting(file, BUSY_MS);
  try {
    return work(database, file);
  } catch (error) {
    throw storeError(error, doing, file);
  } finally {
    database.close();
  }
}

function markAlone(database: SqliteDatabase, alone: Place): void {
  database.exec("BEGIN IMMEDIATE");
  database.prepare("DELETE FROM records WHERE collection = ?").run([alone.collection]);
  database
    .prepare("INSERT INTO records (collection, key, version, value) VALUES (?, ?, 1, 'null')")
    .run([alone.collection, keyToBytes(alone.key)]);
  database.exec("COMMIT");
}

/** @throws {LayerError} `server` when it is not, or newer than this program. */
function checkIsOurs(database: SqliteDatabase, file: string): void {
  checkVersion(database, file);
  if (isOurs(database)) return;
  throw new LayerError("server", `${file} is no store of this program: name a backup that it made`);
}

function isOurs(database: SqliteDatabase): boolean {
  const tables =
    "SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name IN ('records', 'operations')";
  const { count } = database.prepare(tables).get([]) as { readonly count: number };
  return versionOf(database) > 0 && count === 2;
}

function problemsOf(database: SqliteDatabase): string[] {
  const rows = database.pragma(`quick_check(${MOST_PROBLEMS})`) as readonly { readonly quick_check: string }[];
  return rows.map((row) => row.quick_check).filter((text) => text !== "ok");
}

function countsOf(database: SqliteDatabase): Pick<FileReport, "records" | "graves"> {
  const rows = database.prepare("SELECT collection, count(*) AS count FROM records GROUP BY collection").all([]);
  const counts = (rows as { collection: string; count: number }[]).map(({ collection, count }) => [collection, count]);
  const hasGraves = versionOf(database) > 1;
  const graves = hasGraves
    ? (database.prepare("SELECT count(*) AS count FROM graves").get([]) as { count: number })
    : 0;
  return { records: Object.fromEntries(counts), graves: graves === 0 ? 0 : graves.count };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
