import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";

const BYTES_AT_ONCE = 1024 * 1024;

/**
 * Writes what is in the file to where it is, and syncs it: whatever the system takes for written is written again. Others may read the
 * file meanwhile, nobody may write to it. SQLite holds no lock on a log, so to open and close one takes none away.
 * @throws what the system says; the file has the same content as before.
 */
export function rewrite(file: string): void {
  withFile(file, (opened) => {
    const bytes = Buffer.alloc(BYTES_AT_ONCE);
    for (let at = 0; ; ) {
      const read = readSync(opened, bytes, 0, BYTES_AT_ONCE, at);
      if (read === 0) break;
      for (let written = 0; written < read; ) {
        written += writeSync(opened, bytes, written, read - written, at + written);
      }
      at += read;
    }
    fsyncSync(opened);
  });
}

/** @throws what the system says. */
export function syncFile(file: string): void {
  withFile(file, fsyncSync);
}

function withFile(file: string, work: (opened: number) => void): void {
  const opened = openSync(file, "r+");
  try {
    work(opened);
  } finally {
    closeSync(opened);
  }
}
