import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const root = new URL("../../", import.meta.url).pathname;
const cache = join(root, "node_modules", ".cache", "understudy-compiled");
const OLD_MS = 3_600_000;

/**
 * The script of the server, compiled from the sources as they are now (without a look at types): it starts several times
 * as fast as from these, and the compiled tree of a developer is left alone. Compiled once for all test files.
 */
export async function compiledServer(): Promise<string> {
  const directory = join(cache, keyOfSources());
  if (!existsSync(directory)) await compile(directory);
  return join(directory, "dist", "main.js");
}

async function compile(directory: string): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const quick = ["--noCheck", "--incremental", "false", "--declaration", "false", "--sourceMap", "false"];
  const args = [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(draft, "dist"), ...quick];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  // The server finds these beside the folder that it is in.
  for (const name of ["resources", "package.json"]) symlinkSync(join(root, name), join(draft, name));
  try {
    renameSync(draft, directory);
  } catch (error) {
    // Another test file was faster.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  for (const name of readdirSync(cache)) {
    const old = statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - old > OLD_MS) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function keyOfSources(): string {
  const hash = createHash("sha256").update(root);
  const entries = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex").slice(0, 24);
}
