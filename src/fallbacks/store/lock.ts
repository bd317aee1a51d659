import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LayerError } from "../core/errors.ts";
import { makeDirectory } from "./directory.ts";
import { isRunning, type ProcessIdentity, startOf } from "./process-identity.ts";

export interface LockOwner {
  readonly pid: number;
  /** Where its server listens. */
  readonly url: string;
  /** What the process is called among its like. */
  readonly instance?: string;
}

export interface DirectoryLock {
  /** Instances that held the directory before, the latest first, at most 50: none of them lives, whatever others believe. */
  readonly predecessors: readonly string[];
  /** Tells a new address, once it is known. */
  update(url: string): void;
  /** Lets the next process in. More than once is harmless. */
  release(): void;
}

interface LockFile extends LockOwner, ProcessIdentity {
  readonly released?: boolean;
  readonly predecessors?: readonly string[];
}

const MOST_PREDECESSORS = 50;

/** Numbers of the lock files that this very process holds, by path. */
const held = new Set<string>();

/**
 * One process for each data directory. The lock is the file `lock-N` with the highest N: whoever finds it dead or
 * released makes the next number, by an atomic link of a whole file that only one process can win. The highest file is
 * never deleted, only marked as released, so that a slow process can never mistake an old number for a free one.
 * @throws {LayerError} `server` that names the pid, the URL and the file when a living process holds the directory.
 */
export function lockDirectory(directory: string, owner: LockOwner): DirectoryLock {
  makeDirectory(directory);
  for (;;) {
    const top = highest(directory);
    if (top.file && isHeld(top.path, top.file)) {
      throw new LayerError(
        "server",
        `${directory} is in use by process ${top.file.pid} at ${top.file.url}; stop it, or name another data directory ` +
          `(if that process is something else, delete ${top.path})`,
      );
    }
    const number = top.number + 1;
    const path = pathOf(directory, number);
    const file: LockFile = { ...owner, started: startOf(owner.pid), predecessors: predecessorsOf(top.file) };
    if (!linkWhole(directory, path, file)) continue;
    if (highest(directory).number !== number) {
      rmSync(path, { force: true });
      continue;
    }
    for (const old of numbersIn(directory)) if (old < number) rmSync(pathOf(directory, old), { force: true });
    held.add(path);
    return lockAt(directory, path, file);
  }
}

/** The process that holds the directory, or undefined when none does. */
export function readLock(directory: string): LockOwner | undefined {
  const { path, file } = highest(directory);
  return file && isHeld(path, file) ? { pid: file.pid, url: file.url } : undefined;
}

function predecessorsOf(before: LockFile | undefined): readonly string[] {
  const all = [before?.instance, ...(before?.predecessors ?? [])];
  return all.filter((each) => each !== undefined).slice(0, MOST_PREDECESSORS);
}

function lockAt(directory: string, path: string, file: LockFile): DirectoryLock {
  const replace = (next: LockFile) => {
    const draft = draftIn(directory, next);
    renameSync(draft, path);
  };
  return {
    predecessors: file.predecessors ?? [],
    update(url) {
      if (held.has(path)) replace({ ...file, url });
    },
    release() {
      if (held.delete(path)) replace({ ...file, released: true });
    },
  };
}

function isHeld(path: string, file: LockFile): boolean {
  if (file.released) return false;
  if (file.pid === process.pid) return held.has(path);
  return isRunning(file);
}

function highest(directory: string): { number: number; path: string; file: LockFile | undefined } {
  for (;;) {
    const number = Math.max(0, ...numbersIn(directory));
    const path = pathOf(directory, number);
    if (number === 0) return { number, path, file: undefined };
    const text = readIfThere(path);
    // Gone since it was listed: a newer one took its place.
    if (text !== undefined) return { number, path, file: parse(text, path) };
  }
}

function numbersIn(directory: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return [];
    throw error;
  }
  return names.flatMap((name) => {
    const match = /^lock-([1-9]\d{0,14})$/.exec(name);
    return match ? [Number(match[1])] : [];
  });
}

function parse(text: string, path: string): LockFile {
  try {
    const file = JSON.parse(text) as Partial<LockFile> | null;
    if (typeof file?.pid === "number" && typeof file.url === "string") {
      return { started: null, ...file, pid: file.pid, url: file.url };
    }
  } catch (cause) {
    throw new LayerError("server", `the lock file ${path} is damaged; delete it if no server uses it`, { cause });
  }
  throw new LayerError("server", `the lock file ${path} is damaged; delete it if no server uses it`);
}

/** False when the name is taken. */
function linkWhole(directory: string, path: string, file: LockFile): boolean {
  const draft = draftIn(directory, file);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function draftIn(directory: string, file: LockFile): string {
  const draft = join(directory, `.lock-draft-${randomBytes(8).toString("hex")}`);
  writeFileSync(draft, JSON.stringify(file), { mode: 0o600, flag: "wx" });
  return draft;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `lock-${number}`);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
