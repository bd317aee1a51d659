import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A Chroma server of its own on loopback, in a directory of its own. */
export interface Chroma {
  readonly url: string;
  /** Kills it and removes its files. */
  close(): Promise<void>;
}

const NAME = "chromadb-js-bindings-linux-x64-gnu";
const PACKAGE = fileURLToPath(new URL(`../tools/chroma/node_modules/${NAME}`, import.meta.url));
/** The server blocks its thread; when whoever started it ends, so does it. */
const PROGRAM = `
  const { Worker } = require("node:worker_threads");
  const workerData = process.argv.slice(1);
  const run = "const { workerData: [path, ...args] } = require('node:worker_threads'); require(path).cli(args)";
  new Worker(run, { eval: true, workerData }).on("exit", () => process.exit(1));
  process.stdin.on("end", () => process.kill(process.pid, "SIGKILL")).resume();
`;

/** Undefined where it is not installed: `npm ci --prefix tools/chroma`. */
export async function startChroma(): Promise<Chroma | undefined> {
  if (!existsSync(PACKAGE)) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-chroma-"));
  const port = await freePort();
  const place = ["--path", join(directory, "data"), "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(process.execPath, ["-e", PROGRAM, PACKAGE, "chroma", "run", ...place], {
    stdio: ["pipe", "ignore", "ignore"],
    env: { PATH: process.env["PATH"], HOME: directory },
  });
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    if (child.exitCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; child.exitCode === null && tries < 400; tries += 1) {
    if (await isUp(url)) return { url, close };
    await wait(50);
  }
  await close();
  throw new Error("Chroma did not start");
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/v2/heartbeat`)).ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
