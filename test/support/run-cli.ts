import { spawn } from "node:child_process";
import { join } from "node:path";
import { compiledTree } from "./compiled-tree.ts";
import { optimisingLate } from "./late-optimising.ts";

// As a test file is loaded, before the time of its tests counts.
const tree = await compiledTree();

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Only what a process needs from this one's environment, so that no setting of the machine reaches the test. */
function cleanEnvironment(environment: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, LOG_LEVEL: "silent", ...environment };
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Packages that the process does not find. */
  readonly hide?: readonly string[];
  readonly cwd?: string;
}

/** @param script a program by the path of its source from the root: "src/main.ts". What runs is compiled. */
export function startNode(script: string, args: readonly string[], options: RunOptions = {}) {
  const root = new URL("../../", import.meta.url).pathname;
  const hide = options.hide ? ["--import", `${root}test/support/hide-packages.mjs`] : [];
  const program = join(tree, script.replace(/ts$/, "js"));
  return spawn(process.execPath, [...optimisingLate, ...hide, program, ...args], {
    cwd: options.cwd ?? root,
    env: cleanEnvironment({ ...options.environment, HIDE_PACKAGES: (options.hide ?? []).join(",") }),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs the command line as a process of its own. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = startNode("src/cli.ts", args, options);
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
