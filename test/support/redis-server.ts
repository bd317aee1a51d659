import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { endsWithProcess } from "./ends-with-process.ts";
import { freePort } from "./free-port.ts";
import { freeze } from "./freeze.ts";

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** More of the command line, such as `["--appendonly", "yes"]`. Without it nothing is kept over a restart. */
  readonly args?: readonly string[];
}

/** A real redis-server on 127.0.0.1 with a temporary directory of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Of the process that runs now; it changes with `restart`. */
  readonly pid: number;
  /** Freezes the process (SIGSTOP): it accepts connections and says nothing. */
  stop(): void;
  /** Lets a frozen process go on (SIGCONT). */
  cont(): void;
  /** Ends the process without a word (SIGKILL) and waits until it is gone. */
  kill(): Promise<void>;
  /** Kills it if need be and starts it on the same port and directory. `args` replaces those of the start. */
  restart(args?: readonly string[]): Promise<void>;
  /** Runs one command by redis-cli as the default user and gives its output; throws when Redis answers with an error. */
  command(...words: readonly string[]): Promise<string>;
  /** Kills it and removes its directory. More than once is harmless. */
  close(): Promise<void>;
}

const STARTED_WITHIN_MS = 10_000;
const ATTEMPTS = 3;

/** Starts a server and resolves when it answers. Whoever starts one closes it. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-redis-"));
  try {
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await freePort());
      try {
        return createHandle(await launch(port, directory, options.args ?? []), port, directory, options.args ?? []);
      } catch (error) {
        // Somebody else may have been faster with a port that was free a moment ago.
        if (options.port !== undefined || attempt === ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function createHandle(first: ChildProcess, port: number, directory: string, firstArgs: readonly string[]): RedisServer {
  let child = first;
  let args = firstArgs;

  const pid = () => {
    if (child.pid === undefined) throw new Error("redis-server has no process");
    return child.pid;
  };
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    get pid() {
      return pid();
    },
    stop: () => freeze(pid()),
    cont: () => void process.kill(pid(), "SIGCONT"),
    kill: () => end(child),
    async restart(nextArgs = args) {
      await end(child);
      args = nextArgs;
      child = await launch(port, directory, args);
    },
    async command(...words) {
      const { stdout } = await promisify(execFile)("redis-cli", ["-e", "-p", String(port), ...words], {
        timeout: STARTED_WITHIN_MS,
      });
      return stdout.trim();
    },
    async close() {
      await end(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return server;
}

async function launch(port: number, directory: string, args: readonly string[]): Promise<ChildProcess> {
  const { config, rest } = writeConfig(directory, args);
  const own = ["--bind", "127.0.0.1", "--port", String(port), "--dir", directory, "--daemonize", "no"];
  const unsaved = rest.includes("--sentinel") ? [] : ["--save", "", "--appendonly", "no"];
  const words = [...config, ...own, ...unsaved, ...rest];
  const child = spawn("redis-server", words, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-4_000);
    });
  }
  endsWithProcess(child);
  child.once("error", (error) => {
    said += String(error);
  });
  const until = Date.now() + STARTED_WITHIN_MS;
  while (!(await answers(port))) {
    const gone = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (gone || Date.now() > until) {
      await end(child);
      throw new Error(`redis-server did not start on port ${port}: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // Another server on the same port would have answered too.
  await new Promise((resolve) => setImmediate(resolve));
  if (child.exitCode !== null) throw new Error(`redis-server ended on port ${port}: ${said}`);
  return child;
}

/** A sentinel keeps what it knows in its file of settings and takes most of them only from there: `["--sentinel", "LINE", ...]`. */
function writeConfig(directory: string, args: readonly string[]) {
  if (args[0] !== "--sentinel") return { config: [], rest: args };
  const file = join(directory, "sentinel.conf");
  writeFileSync(file, `${args.slice(1).join("\n")}\n`);
  return { config: [file], rest: ["--sentinel"] };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Whether a Redis says anything there: also that it is loading, or that it wants a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => settle(false));
    socket.once("data", (data) => settle(/^[+-]/.test(data.toString("latin1"))));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * A suite that needs redis-server. Where it is not installed, the suite is skipped and says so; with REQUIRE_SERVICES=1 it
 * fails instead.
 */
export function describeWithRedis(name: string, suite: () => void): void {
  if (isInstalled()) {
    describe(name, suite);
    return;
  }
  const reason = "redis-server was not found on PATH";
  if (process.env["REQUIRE_SERVICES"] === "1") {
    it(`${name}: needs redis-server`, () => {
      throw new Error(`${reason}, and REQUIRE_SERVICES=1 asks for it`);
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, suite);
}
