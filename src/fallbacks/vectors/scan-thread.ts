import { startWorkerThread, type WorkerThread } from "../core/worker-thread.ts";
import type { FromScanThread, Query, Rows, SentArena, ToScanThread } from "./scan.ts";
import type { Arena } from "./scan-arena.ts";

/** Passes that a thread makes with the kernel. */
export interface ScanThread {
  /** As `Scanner.scan`, for rows in arenas. @throws {Error} when the thread could not do it. */
  scan(rows: Rows, arenas: readonly Arena[], queries: readonly Query[]): Promise<readonly Uint32Array[]>;
  touch(arena: Arena, from: number, to: number): void;
  forget(arenas: readonly Arena[]): void;
  end(): Promise<void>;
}

export type StartScanThread = () => WorkerThread<ToScanThread, FromScanThread>;

export const startScanWorker: StartScanThread = () =>
  startWorkerThread<ToScanThread, FromScanThread>(new URL("./scan-worker.ts", import.meta.url));

interface Pass {
  readonly resolve: (found: readonly Uint32Array[]) => void;
  readonly reject: (error: Error) => void;
}

/** @param onEnd called once, when the thread has ended by itself, before the passes under way are rejected. */
export function createScanThread(start: StartScanThread, onEnd: (error: Error) => void): ScanThread {
  const thread = start();
  const passes = new Map<number, Pass>();
  /** Arenas that the thread has. */
  const known = new Set<number>();
  let made = 0;

  function sentOf(arenas: readonly Arena[]): readonly SentArena[] {
    const sent = arenas.map(({ id, memory }): SentArena => (known.has(id) ? { id } : { id, memory }));
    for (const { id } of arenas) known.add(id);
    return sent;
  }

  function settle(pass: number): Pass | undefined {
    const found = passes.get(pass);
    passes.delete(pass);
    if (passes.size === 0) thread.hold(false);
    return found;
  }

  function rejectAll(error: Error): void {
    for (const pass of passes.keys()) settle(pass)?.reject(error);
  }

  thread.listen(
    ({ pass, found, reason }) => {
      const settled = settle(pass);
      if (found) settled?.resolve(found);
      else settled?.reject(new Error(`the scanning thread: ${reason}`));
    },
    (reason) => {
      const error = new Error(`the scanning thread has ended: ${reason}`);
      onEnd(error);
      rejectAll(error);
    },
  );

  return {
    scan({ plan, count }, arenas, queries) {
      return new Promise((resolve, reject) => {
        const pass = made++;
        thread.post({ type: "scan", pass, arenas: sentOf(arenas), plan, count, queries });
        passes.set(pass, { resolve, reject });
        // Whoever waits for an answer keeps the process alive.
        thread.hold(true);
      });
    },
    touch(arena, from, to) {
      for (const sent of sentOf([arena])) thread.post({ type: "touch", arena: sent, from, to });
    },
    forget(arenas) {
      const ids = arenas.flatMap(({ id }) => (known.delete(id) ? id : []));
      if (ids.length > 0) thread.post({ type: "forget", ids });
    },
    async end() {
      await thread.end();
      rejectAll(new Error("the scanning thread was stopped"));
    },
  };
}
