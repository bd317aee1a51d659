import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const root = new URL("../../", import.meta.url).pathname;
const cache = join(root, "node_modules", ".cache", "understudy-compiled");
const OLD_MS = 3_600_000;
/** All programs that tests start, and what these import. */
const programs = ["src", "examples", "test/**/*-child.ts", "test/**/*-thread.ts"];

/** A program of `compiledTree`, by the path of its source from the root: "src/cli.ts". */
export async function compiledScript(path: string): Promise<string> {
  return join(await compiledTree(), path.replace(/ts$/, "js"));
}

/**
 * A directory with all programs that tests start, `src/cli.js` and `test/support/fake-model-child.js`, compiled from the sources as
 * they are now (without a look at types): they start in a fraction of the time that they take from these, and the compiled tree of
 * a developer is left alone. Compiled once for all test files.
 */
export async function compiledTree(): Promise<string> {
  const directory = join(cache, keyOfSources());
  if (!existsSync(directory)) await compile(directory);
  // What is used is not old.
  const now = new Date();
  utimesSync(directory, now, now);
  return directory;
}

async function compile(directory: string): Promise<void> {
  const draft = `${directory}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const project = join(draft, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    noCheck: true,
    incremental: false,
    declaration: false,
    rootDir: root,
    outDir: draft,
  };
  const include = programs.map((path) => join(root, path));
  writeFileSync(project, JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", project], { cwd: root });
  // The programs find these beside the folder that they are in.
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

/** Of all that may be part of a program, which a test file never is. */
function keyOfSources(): string {
  const hash = createHash("sha256").update(root);
  const folders = ["src", "examples", "test"].map((name) => join(root, name));
  const entries = folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"));
  for (const file of [
    join(root, "tsconfig.json"),
    ...files.map((entry) => join(entry.parentPath, entry.name)).sort(),
  ]) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex").slice(0, 24);
}
