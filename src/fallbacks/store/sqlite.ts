import { dirname } from "node:path";
import type Database from "libsql";
import { LayerError } from "../core/errors.ts";
import { makeDirectory } from "./directory.ts";

export type SqliteDatabase = Database.Database;

/** Each step takes a file from the version of its index to the next; a released step is never changed. */
const migrations: readonly string[] = [
  `CREATE TABLE records (
     collection TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (collection, key));
   CREATE TABLE operations (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);`,
];

/** A reader in another process (a backup) is waited for this long, in ms. It blocks the event loop, so it is short. */
const BUSY_MS = 250;

/**
 * Opens or makes the file (its directory too, private to this user) in the mode in which a committed transaction
 * survives the loss of power, and brings its schema up to date.
 * @throws {LayerError} `missing` when the driver cannot be loaded; `server` when the file cannot be used, or was written
 * by a newer version of this program: then it is left as it is.
 */
export async function openSqlite(file: string): Promise<SqliteDatabase> {
  const Driver = await loadDriver();
  try {
    makeDirectory(dirname(file));
    const database = new Driver(file, { timeout: BUSY_MS });
    try {
      prepare(database, file);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw storeError(error, `cannot open ${file}`);
  }
}

async function loadDriver(): Promise<typeof Database> {
  try {
    return (await import("libsql")).default;
  } catch (cause) {
    throw new LayerError("missing", "the package libsql cannot be loaded; run npm ci", { cause });
  }
}

function prepare(database: SqliteDatabase, file: string): void {
  // Read before anything is set: setting the journal mode would already write to the file.
  const version = versionOf(database);
  if (version > migrations.length) {
    throw new LayerError(
      "server",
      `${file} has schema version ${version} and this program knows ${migrations.length}: ` +
        "start the newer program, or name another data directory",
    );
  }
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  migrations.slice(version).forEach((step, index) => {
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + index + 1}; COMMIT;`);
  });
}

function versionOf(database: SqliteDatabase): number {
  const row = database.prepare("PRAGMA user_version").get([]) as { readonly user_version: number };
  return row.user_version;
}

/** Any failure of the file or the disk is a failure of this port. */
export function storeError(error: unknown, doing: string): LayerError {
  if (error instanceof LayerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new LayerError("server", `${doing}: ${text}`, { cause: error });
}
