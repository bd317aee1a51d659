import type Database from "libsql";
import { LayerError } from "../core/errors.ts";
import { keyFromBytes } from "./key-order.ts";

export type SqliteDatabase = Database.Database;

/** How many ids of a file of version 1 go into one row of version 2. */
const IDS_PER_ROW = 500;

/** Each step takes a file from the version of its index to the next; a released step is never changed. */
const migrations: readonly ((database: SqliteDatabase) => void)[] = [
  (database) =>
    database.exec(`
      CREATE TABLE records (
        collection TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (collection, key));
      CREATE TABLE operations (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);`),
  // The ids of one group in one row behind the others, as a JSON array: an index of random ids would cost every
  // operation two pages of the log, which is most of what a group writes.
  (database) => {
    database.exec(`
      CREATE TABLE graves (
        collection TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (collection, key)) WITHOUT ROWID;
      CREATE INDEX graves_by_age ON graves (at);
      ALTER TABLE operations RENAME TO operations_of_1;
      CREATE TABLE operations (number INTEGER PRIMARY KEY, ids TEXT NOT NULL);`);
    const rows = database.prepare("SELECT id FROM operations_of_1 ORDER BY number").all([]) as { id: Uint8Array }[];
    const ids = rows.map(({ id }) => keyFromBytes(id));
    const insert = database.prepare("INSERT INTO operations (ids) VALUES (?)");
    for (let from = 0; from < ids.length; from += IDS_PER_ROW) {
      insert.run([JSON.stringify(ids.slice(from, from + IDS_PER_ROW))]);
    }
    database.exec("DROP TABLE operations_of_1");
  },
];

/** Of the files that this program writes. It reads older ones and brings them up to date. */
export const SCHEMA_VERSION = migrations.length;

/** 0 for a file that has nothing of ours in it. */
export function versionOf(database: SqliteDatabase): number {
  const row = database.prepare("PRAGMA user_version").get([]) as { readonly user_version: number };
  return row.user_version;
}

/** @throws {LayerError} `server` when the file was written by a newer version of this program. It has only been read. */
export function checkVersion(database: SqliteDatabase, file: string): void {
  const version = versionOf(database);
  if (version <= SCHEMA_VERSION) return;
  throw new LayerError(
    "server",
    `${file} has schema version ${version} and this program knows ${SCHEMA_VERSION}: ` +
      "start the newer program, or name another data directory",
  );
}

/** Brings the schema up to date, each step whole or not at all. */
export function migrate(database: SqliteDatabase): void {
  for (let version = versionOf(database); version < SCHEMA_VERSION; version += 1) {
    database.exec("BEGIN IMMEDIATE");
    try {
      migrations[version]?.(database);
      database.exec(`PRAGMA user_version = ${version + 1}; COMMIT;`);
    } catch (error) {
      if (database.inTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}
