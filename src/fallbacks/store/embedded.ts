import { join } from "node:path";
import { LayerError } from "../core/errors.ts";
import { checkList, checkOperation, OPERATIONS_KEPT, valueFromText, valueToText } from "./check.ts";
import { keyFromBytes, keyRange, keyToBytes } from "./key-order.ts";
import type { Committed, ListRequest, Operation, Store, StoredRecord, Write } from "./port.ts";
import { openSqlite, type SqliteDatabase, storeError } from "./sqlite.ts";

export interface EmbeddedStore extends Store {
  /** Opens the file now rather than at the first use. @throws {LayerError} `missing` or `server`. */
  open(): Promise<void>;
  /** Moves everything from the write-ahead log to the main file. No use afterwards. */
  close(): Promise<void>;
}

interface Row {
  readonly key: ArrayBuffer | Uint8Array;
  readonly version: number;
  readonly value: string;
}

type Statements = ReturnType<typeof prepareStatements>;

interface Handle {
  readonly database: SqliteDatabase;
  readonly statements: Statements;
}

/**
 * A store in one SQLite file, `understudy.db`, in `directory`. What it acknowledges has been synced to the disk. One
 * transaction for each operation; operations are once per id among the last 50 000.
 * Errors of the disk or the file are `LayerError` `server` with the cause, and the operation has not happened.
 */
export function createEmbeddedStore(options: { readonly directory: string }): EmbeddedStore {
  const file = join(options.directory, "understudy.db");
  let opening: Promise<Handle> | undefined;
  let closed = false;

  async function handle(): Promise<Handle> {
    if (closed) throw new LayerError("server", "the embedded store is closed");
    opening ??= openSqlite(file).then((database) => ({ database, statements: prepareStatements(database) }));
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  async function using<T>(doing: string, work: (handle: Handle) => T): Promise<T> {
    const open = await handle();
    try {
      return work(open);
    } catch (thrown) {
      const error = storeError(thrown, doing);
      if (isDamaging(thrown)) {
        // After a failed write or sync the connection's picture of the file is not to be trusted: the next use opens anew.
        opening = undefined;
        open.database.close();
      }
      throw error;
    }
  }

  return {
    name: "embedded",
    durability: "disk",
    async open() {
      await handle();
    },
    async commit(operation) {
      checkOperation(operation);
      return using("cannot save", (open) => commit(open, operation));
    },
    get: (collection, key) =>
      using("cannot read", ({ statements }) => {
        const row = statements.get.get([collection, keyToBytes(key)]) as Row | undefined;
        return row && recordOf(row);
      }),
    async list(request) {
      checkList(request);
      return using("cannot read", ({ statements }) => list(statements, request));
    },
    async close() {
      if (closed) return;
      closed = true;
      // A file that could not be opened was reported to whoever opened it; there is nothing to finish.
      const open = await opening?.catch(() => undefined);
      if (!open) return;
      try {
        open.database.pragma("wal_checkpoint(TRUNCATE)");
      } catch (error) {
        throw storeError(error, "cannot finish the data file");
      } finally {
        open.database.close();
      }
    },
  };
}

function prepareStatements(database: SqliteDatabase) {
  const list = (order: "ASC" | "DESC", bound: string) =>
    database.prepare(
      `SELECT key, version, value FROM records WHERE collection = ? AND key >= ? ${bound} ORDER BY key ${order} LIMIT ?`,
    );
  return {
    get: database.prepare("SELECT key, version, value FROM records WHERE collection = ? AND key = ?"),
    version: database.prepare("SELECT version FROM records WHERE collection = ? AND key = ?"),
    put: database.prepare(
      `INSERT INTO records (collection, key, version, value) VALUES (?, ?, ?, ?)
       ON CONFLICT (collection, key) DO UPDATE SET version = excluded.version, value = excluded.value`,
    ),
    delete: database.prepare("DELETE FROM records WHERE collection = ? AND key = ?"),
    remember: database.prepare("INSERT INTO operations (id) VALUES (?) ON CONFLICT (id) DO NOTHING"),
    forget: database.prepare(`DELETE FROM operations WHERE number <= (SELECT max(number) FROM operations) - ?`),
    // With and without an end: a bound that may be null would keep SQLite from stopping at it.
    forward: list("ASC", "AND key < ?"),
    forwardOpen: list("ASC", ""),
    reverse: list("DESC", "AND key < ?"),
    reverseOpen: list("DESC", ""),
  };
}

function commit({ database, statements }: Handle, operation: Operation): Committed {
  database.exec("BEGIN IMMEDIATE");
  let committed: Committed = { status: "applied" };
  try {
    if (statements.remember.run([keyToBytes(operation.id)]).changes > 0) {
      committed = writeAll(statements, operation.writes);
      statements.forget.run([OPERATIONS_KEPT]);
    }
    database.exec(committed.status === "applied" ? "COMMIT" : "ROLLBACK");
  } catch (error) {
    // A full disk has already ended the transaction.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
  return committed;
}

function writeAll(statements: Statements, writes: readonly Write[]): Committed {
  for (const write of writes) {
    const place = [write.collection, keyToBytes(write.key)] as const;
    if (write.kind === "delete") {
      statements.delete.run([...place]);
      continue;
    }
    const row = statements.version.get([...place]) as Pick<Row, "version"> | undefined;
    const before = row?.version ?? 0;
    if (write.expect !== undefined && write.expect !== before) return { status: "conflict", key: write.key };
    statements.put.run([...place, write.version ?? before + 1, valueToText(write.value, write.key)]);
  }
  return { status: "applied" };
}

function list(statements: Statements, request: ListRequest): readonly StoredRecord[] {
  const { from, to } = keyRange(request);
  const { collection, limit, reverse } = request;
  const rows =
    to === undefined
      ? (reverse ? statements.reverseOpen : statements.forwardOpen).all([collection, keyToBytes(from), limit])
      : (reverse ? statements.reverse : statements.forward).all([collection, keyToBytes(from), keyToBytes(to), limit]);
  return (rows as Row[]).map(recordOf);
}

function recordOf(row: Row): StoredRecord {
  return { key: keyFromBytes(row.key), value: valueFromText(row.value), version: row.version };
}

function isDamaging(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && /^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(error.code);
}
