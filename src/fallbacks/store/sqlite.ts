import { existsSync, linkSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "libsql";
import { LayerError } from "../core/errors.ts";
import { makeDirectory, syncDirectory } from "./directory.ts";
import { checkVersion, migrate, type SqliteDatabase } from "./sqlite-schema.ts";

/** Where a restore puts the file that it prepares, beside the one that it will replace. */
export const restoringPath = (file: string) => `${file}.restoring`;

/**
 * Opens or makes the file (its directory too, private to this user) in the mode in which a committed transaction
 * survives the loss of power, and brings its schema up to date. `busyMs`: how long another connection is waited for.
 * @throws {LayerError} `missing` when the driver cannot be loaded; `server` when the file cannot be used, or was written
 * by a newer version of this program: then it is left as it is.
 */
export async function openSqlite(file: string, busyMs: number): Promise<SqliteDatabase> {
  const Driver = await loadDriver();
  try {
    makeDirectory(dirname(file));
    if (!existsSync(file)) create(Driver, file);
    return prepared(new Driver(file, { timeout: busyMs }), (database) => {
      checkPresent(file);
      // Before anything is set: setting the journal mode would already write to the file.
      checkVersion(database, file);
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
      migrate(database);
    });
  } catch (error) {
    throw storeError(error, "cannot open", file);
  }
}

/**
 * Opens a file that is there, as it is: nothing is set that changes it, and its schema may be of any version.
 * @throws {LayerError} as `openSqlite`, and `server` when there is no such file or it is empty.
 */
export async function openExisting(file: string, busyMs: number): Promise<SqliteDatabase> {
  const Driver = await loadDriver();
  try {
    checkPresent(file);
    return prepared(new Driver(file, { timeout: busyMs }), (database) => database.pragma("synchronous = FULL"));
  } catch (error) {
    throw storeError(error, "cannot open", file);
  }
}

async function loadDriver(): Promise<typeof Database> {
  try {
    return (await import("libsql")).default;
  } catch (cause) {
    throw new LayerError("missing", "the package libsql cannot be loaded; run npm ci", { cause });
  }
}

function prepared(database: SqliteDatabase, prepare: (database: SqliteDatabase) => void): SqliteDatabase {
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Under another name first, complete and synced. So an empty file under the real name was never ours to begin with: SQLite
 * would take it for a new store, and everything that had been in it would silently be gone.
 */
function create(Driver: typeof Database, file: string): void {
  for (const left of [`${file}-wal`, restoringPath(file)]) {
    if (!statSync(left, { throwIfNoEntry: false })?.size) continue;
    throw new LayerError(
      "server",
      `${file} is not there, but ${left} is: ` +
        "restore a backup, or move what is left away to start with an empty store",
    );
  }
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  const database = prepared(new Driver(draft), (opened) => {
    // Nobody sees the draft before it is whole, so nothing of it needs to be undone.
    opened.pragma("journal_mode = OFF");
    opened.pragma("synchronous = FULL");
    migrate(opened);
  });
  database.close();
  try {
    linkSync(draft, file);
  } catch (error) {
    // Another process was faster; its file is as good.
    if (!existsSync(file)) throw error;
  }
  rmSync(draft);
  syncDirectory(dirname(file));
}

function checkPresent(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && found.size > 0) return;
  const what = found ? (found.isFile() ? "is empty" : "is no file") : "is not there";
  throw new LayerError("server", `${file} ${what}: restore a backup${found ? ", or move it away" : ""}`);
}

/** Any failure of the file or the disk is a failure of this port. The text names the file, and for a damaged one what to do. */
export function storeError(error: unknown, doing: string, file: string): LayerError {
  if (error instanceof LayerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const advice = isDamage(error) ? "; the file is damaged: stop the server and restore a backup" : "";
  return new LayerError("server", `${doing} ${file}: ${text}${advice}`, { cause: error });
}

/** Whether the connection's picture of the file is not to be trusted any more. */
export function isDamaging(error: unknown): boolean {
  return isDamage(error) || codeOf(error).startsWith("SQLITE_IOERR");
}

function isDamage(error: unknown): boolean {
  // A value that is no JSON was not written by us.
  return error instanceof SyntaxError || /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
