import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { inSlices } from "./slices.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotSource } from "./snapshot-format.ts";

/** What the file has; undefined when there is none, or it cannot be used, which is told. Never throws. */
export function readSnapshot(file: string, report: (error: unknown, fields: object) => void): Snapshot | undefined {
  try {
    return decodeSnapshot(readRegular(file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    const message = `${file} is not used, the words of the knowledge base are made again: ${messageOf(error)}`;
    report(new Error(message, { cause: error }), { doing: "reading the words of the knowledge base" });
    return undefined;
  }
}

/** Without waiting: where the file is a pipe, nobody may ever write to it. */
function readRegular(file: string): Buffer {
  const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(opened).isFile()) throw new Error("it is not a regular file");
    return readFileSync(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * Puts the file (0600) into place when it is whole and synced. Another process that does the same at the same time does no harm.
 * @throws {Error} when it cannot be written; then the one that was there still is. {LayerError} `aborted`.
 */
export async function writeSnapshot(file: string, snapshot: SnapshotSource, signal: AbortSignal): Promise<void> {
  const parts = await inSlices(encodeSnapshot(snapshot), signal);
  const directory = dirname(file);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const next = `${file}.${randomBytes(6).toString("hex")}.new`;
  try {
    const handle = await open(next, "wx", 0o600);
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
  // Without it the new name might be lost with the power; the old file would then be as good.
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
