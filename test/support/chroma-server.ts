import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, vi } from "vitest";
import { freePort } from "./free-port.ts";
import { freeze } from "./freeze.ts";

/** A real Chroma in a process of its own. */
export interface ChromaServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Where it keeps its data: with `port`, what another `startChroma` needs to restart it. */
  readonly dir: string;
  /** It hangs: connections are accepted by the kernel, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once, as `kill -9` does, and keeps its data. */
  kill(): Promise<void>;
  /** Ends it, frozen or not; a directory that this server made for itself is removed. May be called again. */
  close(): Promise<void>;
}

const PACKAGE = "chromadb-js-bindings-linux-x64-gnu";
const START_LIMIT_MS = 20_000;

/**
 * Runs beside the server's thread, which blocks: the server ends with the process that started it, whatever ends that.
 * Arguments: the package's path, then those of the server.
 */
const PROGRAM = `
  const { Worker } = require("node:worker_threads");
  const [path, ...args] = process.argv.slice(1);
  const server = new Worker("const { path, args } = require('node:worker_threads').workerData; require(path).cli(args)", {
    eval: true,
    workerData: { path, args },
  });
  server.on("exit", () => process.exit(1));
  process.stdin.on("end", () => process.kill(process.pid, "SIGKILL")).resume();
`;

/**
 * Starts on `port` (default: a free one) with the data in `dir` (default: a new directory). Ready when this returns.
 * @throws when it is not installed, when the port is taken, or when it does not start.
 */
export async function startChroma(options: { dir?: string; port?: number } = {}): Promise<ChromaServer> {
  const path = chromaPath();
  if (path === undefined) throw new Error(notFound);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "understudy-chroma-")));
  // Another server on the port would answer in the place of the one that is started.
  const port = await freePort(options.port);
  const args = ["chroma", "run", "--path", join(dir, "data"), "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(process.execPath, ["-e", PROGRAM, path, ...args], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], HOME: dir },
  });
  const url = `http://127.0.0.1:${port}`;
  const own = options.dir === undefined;
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  try {
    await ready(child, url);
  } catch (error) {
    await end();
    if (own) await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return {
    url,
    port,
    pid: child.pid as number,
    dir,
    freeze: () => freeze(child.pid as number),
    thaw: () => void child.kill("SIGCONT"),
    kill: end,
    async close() {
      await end();
      if (own) await rm(dir, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words += chunk.toString();
  });
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) return;
      if (!(await fetch(`${url}/api/v2/heartbeat`)).ok) throw new Error("Chroma is not ready");
    },
    { timeout: START_LIMIT_MS, interval: 25 },
  );
  if (child.exitCode !== null) throw new Error(`Chroma ended at its start with code ${child.exitCode}: ${words}`);
}

const notFound = `Chroma was not found: \`npm ci --prefix tools/chroma\` installs it (${PACKAGE})`;

/**
 * Where the package of the server is; undefined when it is not installed. Nowhere else is it looked for: the client brings a
 * newer one along, which needs a newer C library than many machines have.
 */
function chromaPath(): string | undefined {
  const path = fileURLToPath(new URL(`../../tools/chroma/node_modules/${PACKAGE}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

/**
 * A suite that starts Chroma itself. Where it is not installed, the suite is skipped and says so; with REQUIRE_SERVICES=1
 * it fails instead.
 */
export function describeWithChroma(name: string, suite: () => void): void {
  if (chromaPath() !== undefined) {
    describe(name, suite);
    return;
  }
  if (process.env["REQUIRE_SERVICES"] === "1") {
    it(`${name}: needs Chroma`, () => {
      throw new Error(`${notFound}, and REQUIRE_SERVICES=1 asks for it`);
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: ${notFound}\n`);
  describe.skip(`${name} (${notFound})`, suite);
}
