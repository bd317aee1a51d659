import { closeSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { LayerError } from "../core/errors.ts";
import { syncDirectory } from "./directory.ts";
import { createApplied } from "./embedded-applied.ts";
import type { WriteResult, WriteTask } from "./embedded-protocol.ts";
import { createWriteStatements } from "./embedded-write.ts";
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
  /** Moves everything from the log to the main file and closes the connection. */
  close(): void;
}

/** Another process that writes, such as a person with a database tool, is waited for this long, in ms. */
const BUSY_MS = 5_000;

/** 16 MB: each move to the main file costs two syncs, and a page that changed ten times in between is moved once. */
const CHECKPOINT_PAGES = 4_000;

/** @throws {LayerError} `server` when the file cannot be opened or its log cannot be made sure of. */
export async function openWriter(file: string): Promise<EmbeddedWriter> {
  const database = await openExisting(file, BUSY_MS);
  try {
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    empty(database, file);
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
 * So no log is believed that this connection has not begun itself: what it holds is written anew, into the main file, which is
 * synced, and the log is cut to nothing. The cut is synced too: should it be lost, the old log would be laid over the new
 * pages. What was acknowledged before the failure had been synced by then and is in what is moved.
 */
function empty(database: SqliteDatabase, file: string): void {
  const [result] = database.pragma("wal_checkpoint(TRUNCATE)") as readonly { readonly busy: number }[];
  if (result?.busy !== 0) {
    throw new LayerError("server", `${file} is being read by another process, such as a backup; it is tried again`);
  }
  const log = `${file}-wal`;
  if (!statSync(log, { throwIfNoEntry: false })) return;
  // SQLite holds no lock on the log, so to close it here takes none away.
  const opened = openSync(log, "r+");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  // SQLite does this too when it makes a log, and passes over a failure.
  syncDirectory(dirname(file));
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
        empty(database, file);
      } finally {
        database.close();
      }
    },
  };
}
