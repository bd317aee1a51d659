import type { Scanner } from "./scan.ts";
import { scanInSlices } from "./scan-slices.ts";
import { createScanThread, type ScanThread, type StartScanThread, startScanWorker } from "./scan-thread.ts";
import { hasKernel } from "./scan-wasm.ts";

export interface ScannerOptions {
  /** Hears why there is no thread, or no longer. */
  readonly report: (error: unknown, fields: object) => void;
  /** Default: a thread with the kernel, where the machine has it. */
  readonly start?: StartScanThread | undefined;
}

/** Of threads in a row. */
const MOST_FAILURES = 3;
/** Passes without a thread until another one is tried. */
const TRIED_AGAIN_AFTER = 1_000;

/** Scans in a thread with the kernel; without that, and until another one is there, in slices. */
export function createScanner({ report, start = startScanWorker }: ScannerOptions): Scanner {
  let thread: ScanThread | undefined;
  let failures = 0;
  /** Passes without a thread since the last one was started, and how many there are to be before the next one is. */
  let without = 0;
  let pause = 0;
  let closed = false;

  function failed(error: unknown): void {
    thread = undefined;
    failures += 1;
    pause = failures < MOST_FAILURES ? 0 : TRIED_AGAIN_AFTER;
    const next = pause === 0 ? "another one is started" : "the event loop scans them for now, in slices";
    report(error, { doing: "scanning vectors in a thread", next });
  }

  function running(): ScanThread | undefined {
    if (thread || closed || without < pause) return thread;
    without = 0;
    try {
      if (!hasKernel) throw new Error("this machine has no WebAssembly with SIMD");
      thread = createScanThread(start, failed);
    } catch (error) {
      // One that cannot even be started will not be a moment later either; a machine stays what it is.
      failures = MOST_FAILURES;
      failed(error);
      if (!hasKernel) pause = Number.POSITIVE_INFINITY;
    }
    return thread;
  }

  return {
    async scan(rows, queries) {
      const used = rows.arenas && running();
      if (!rows.arenas || !used) {
        without += 1;
        return scanInSlices(rows, queries);
      }
      try {
        const found = await used.scan(rows, rows.arenas, queries);
        failures = 0;
        return found;
      } catch (error) {
        // One that lives but cannot do it is as good as none; that it has ended or was closed is known already.
        if (thread === used && !closed) {
          failed(error);
          await used.end();
        }
        return scanInSlices(rows, queries);
      }
    },
    warm: () => void running(),
    touch: (arena, from, to) => thread?.touch(arena, from, to),
    forget: (arenas) => thread?.forget(arenas),
    async close() {
      closed = true;
      const ending = thread;
      thread = undefined;
      await ending?.end();
    },
  };
}
