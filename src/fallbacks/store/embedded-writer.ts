import { statSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "./directory.ts";
import { createApplied } from "./embedded-applied.ts";
import type { WriteResult, WriteTask } from "./embedded-protocol.ts";
import { createWriteStatements } from "./embedded-write.ts";
import { rewrite, syncFile } from "./rewrite.ts";
import { openExisting } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-schema.ts";

/** The one connection that writes. */
export interface EmbeddedWriter {
  /**
   * Does all tasks in this order in one transaction with one sync. An operation that conflicts or whose id was applied before
   * changes nothing and leaves the others alone.
   * @throws what SQLite says; then nothing of the group has happened, or after a failed sync, all of it may have.
   */
  run(tasks: readonly WriteTask[]): readonly WriteResult[];
  /** Moves everything from the log to the main file, as far as others who read it allow, and closes the connection. */
  close(): void;
}

/** Another process that writes, such as a person with a database tool, is waited for this long, in ms. */
const BUSY_MS = 5_000;

/** For somebody who reads, such as a backup, not so long: there is another way. */
const BUSY_READING_MS = 500;

/** 16 MB: each move to the main file costs two syncs, and a page that changed ten times in between is moved once. */
const CHECKPOINT_PAGES = 4_000;

/** @throws {LayerError} `server` when the file cannot be opened; what the system says when its log cannot be made sure of. */
export async function openWriter(file: string): Promise<EmbeddedWriter> {
  const database = await openExisting(file, BUSY_MS);
  try {
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // What is deleted or replaced is overwritten, in pages that are freed too: nobody reads in the file what was erased.
    database.pragma("secure_delete = ON");
    makeSure(database, file);
    return writerOn(database, file);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * After a failed sync Linux takes the pages that it could not write for clean: it shows them to every reader and says "ok" to
 * the next sync, and at a loss of power they are gone. A log that was written before such a failure, by this process or
 * one before it, may therefore have a hole that nobody can see, and what is acknowledged behind a hole is lost with it.
 * So no log is believed that was not written since: what it holds goes into the main file, which is synced, and the log is cut
 * to nothing. What was acknowledged before the failure had been synced by then and is in what is moved.
 */
function makeSure(database: SqliteDatabase, file: string): void {
  if (!isEmptied(database, file)) rewriteLog(database, file);
}

/** Whether the log could be cut, which somebody who reads an older state forbids: a backup does so until its end. */
function isEmptied(database: SqliteDatabase, file: string): boolean {
  database.pragma(`busy_timeout = ${BUSY_READING_MS}`);
  const [result] = database.pragma("wal_checkpoint(TRUNCATE)") as readonly { readonly busy: number }[];
  database.pragma(`busy_timeout = ${BUSY_MS}`);
  if (result?.busy !== 0) return false;
  const log = `${file}-wal`;
  if (statSync(log, { throwIfNoEntry: false })) {
    // Should the cut be lost, the old log would be laid over the new pages.
    syncFile(log);
    // SQLite does this too when it makes a log, and passes over a failure.
    syncDirectory(dirname(file));
  }
  return true;
}

/**
 * The other way: the same bytes are written to the same places of the log, so that the pages that were taken for clean are not, and
 * a sync writes them or says that it cannot. Who reads sees no difference; nobody adds to the log or cuts it meanwhile.
 */
function rewriteLog(database: SqliteDatabase, file: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    rewrite(`${file}-wal`);
    syncDirectory(dirname(file));
  } finally {
    database.exec("ROLLBACK");
  }
}

function writerOn(database: SqliteDatabase, file: string): EmbeddedWriter {
  const statements = createWriteStatements(database);
  const applied = createApplied(database);

  return {
    run(tasks) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const group = applied.group();
        const results = tasks.map((task): WriteResult => {
          if (task.kind === "forget") return statements.forget(task.before, task.limit);
          if (group.has(task.id)) return { status: "applied" };
          const committed = statements.apply(task.writes, task.at);
          if (committed.status === "applied") group.add(task.id);
          return committed;
        });
        group.save();
        database.exec("COMMIT");
        group.done();
        return results;
      } catch (error) {
        // A full disk has already ended the transaction.
        if (database.inTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      try {
        makeSure(database, file);
      } finally {
        database.close();
      }
    },
  };
}
