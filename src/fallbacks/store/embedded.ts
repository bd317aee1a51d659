import { join } from "node:path";
import { type Clock, systemClock } from "../core/clock.ts";
import { LayerError } from "../core/errors.ts";
import { checkForget, checkList, checkOperation, checkPlaces, outcomeOf, valueToText } from "./check.ts";
import type { PostedWrite, WriteResult, WriteTask } from "./embedded-protocol.ts";
import { createWriteQueue } from "./embedded-queue.ts";
import { createReads, type Reads } from "./embedded-reads.ts";
import type { Committed, Operation, Outcome, Store } from "./port.ts";
import { isDamaging, openSqlite, storeError } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-schema.ts";
import { startWritingThread, type WritingThread } from "./writing-thread.ts";

export interface EmbeddedStore extends Store {
  /** Opens the file now rather than at the first use. @throws {LayerError} `missing` or `server`. */
  open(): Promise<void>;
  /** Finishes what was asked for and moves everything from the write-ahead log to the main file. No use afterwards. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly directory: string;
  /** Dates graves. */
  readonly clock?: Pick<Clock, "wall">;
  /** Starts the thread that writes, at the first write and after one has ended. By default a new one that runs `embedded-worker`. */
  readonly startThread?: () => WritingThread;
}

interface Handle {
  readonly database: SqliteDatabase;
  readonly reads: Reads;
}

/** Name of the file in its directory. */
export const STORE_FILE = "understudy.db";

/** A writer in another process is waited for this long, in ms. It blocks the event loop, so it is short. */
const BUSY_MS = 250;

/**
 * A store in one SQLite file in `directory`. What it acknowledges has been synced to the disk, off the event loop: a thread
 * writes, and all operations that come while it does share the next transaction and its sync. Reads are done at once, on
 * a connection of their own. Operations are once per id among the last 50 000.
 * Errors of the disk or the file are `LayerError` `server` and name the file. The operation has then not happened, or, after a
 * failed sync or the end of the thread, it may have: the same id is safe to send again.
 */
export function createEmbeddedStore(options: EmbeddedOptions): EmbeddedStore {
  const { clock = systemClock } = options;
  const file = join(options.directory, STORE_FILE);
  const queue = createWriteQueue(file, options.startThread ?? startWritingThread);
  let opening: Promise<Handle> | undefined;
  let closed = false;

  async function handle(): Promise<Handle> {
    if (closed) throw new LayerError("server", "the embedded store is closed");
    opening ??= openReading(file);
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  async function reading<T>(work: (reads: Reads) => T): Promise<T> {
    const { database, reads } = await handle();
    try {
      return work(reads);
    } catch (thrown) {
      if (isDamaging(thrown)) {
        opening = undefined;
        database.close();
      }
      throw storeError(thrown, "cannot read", file);
    }
  }

  /** @throws {LayerError} `invalid_request` when the operation can never be applied. */
  function taskOf(operation: Operation): WriteTask {
    checkOperation(operation);
    const writes = operation.writes.map((write): PostedWrite => {
      if (write.kind === "delete") return write;
      const { value, ...place } = write;
      return { ...place, text: valueToText(value, write.key) };
    });
    return { kind: "operation", id: operation.id, writes, at: clock.wall().getTime() };
  }

  async function write(tasks: readonly WriteTask[]): Promise<readonly WriteResult[]> {
    await handle();
    return queue.post(tasks);
  }

  return {
    name: "embedded",
    durability: "disk",
    async open() {
      await handle();
    },
    async commit(operation) {
      const [result] = await write([taskOf(operation)]);
      return result as Committed;
    },
    async commitAll(operations) {
      const tasks = operations.map((operation) => outcomeOf(() => taskOf(operation)));
      const results = (await write(tasks.filter((task) => "kind" in task))).values();
      return tasks.map((task) => ("kind" in task ? (results.next().value as Committed) : task) satisfies Outcome);
    },
    async forgetGraves(before, limit) {
      checkForget(before, limit);
      const [result] = await write([{ kind: "forget", before, limit }]);
      return result as number;
    },
    get: (collection, key) => reading((reads) => reads.get(collection, key)),
    async list(request) {
      checkList(request);
      return reading((reads) => reads.list(request));
    },
    async look(places) {
      checkPlaces(places);
      return reading((reads) => reads.look(places));
    },
    async graves(request) {
      checkList(request);
      return reading((reads) => reads.graves(request));
    },
    async close() {
      if (closed) return;
      closed = true;
      // A file that could not be opened was reported to whoever opened it; there is nothing to finish.
      const open = await opening?.catch(() => undefined);
      if (!open) return;
      try {
        const wrote = queue.running;
        await queue.close();
        if (!wrote) open.database.pragma("wal_checkpoint(TRUNCATE)");
      } catch (error) {
        throw storeError(error, "cannot finish", file);
      } finally {
        open.database.close();
      }
    },
  };
}

async function openReading(file: string): Promise<Handle> {
  const database = await openSqlite(file, BUSY_MS);
  database.pragma("query_only = ON");
  return { database, reads: createReads(database) };
}
