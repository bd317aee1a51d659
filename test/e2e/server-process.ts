import { onTestFinished } from "vitest";
import { startNode } from "../support/run-cli.ts";

/** A server that may not listen yet. */
interface SpawnedServer {
  /** All that it has logged so far. */
  readonly log: string;
  /** Resolves to what the pattern finds in the log first: its group, or else all of it. */
  says(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Resolves to its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

export interface ServerProcessOptions {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds that turns get at the end. Absent: as `npm start`. */
  readonly graceMs?: number;
}

/** Starts a server and does not wait for it. It is killed at the end of the test. */
export function spawnServer({ directory, environment, graceMs }: ServerProcessOptions): SpawnedServer {
  const script = graceMs === undefined ? "src/main.ts" : "test/e2e/serve-child.ts";
  const child = startNode(script, graceMs === undefined ? [] : [String(graceMs)], {
    environment: { DATA_DIR: directory, PORT: "0", LOG_LEVEL: "info", ...environment },
    cwd: directory,
  });
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  onTestFinished(onExit);
  let log = "";
  const hearers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      for (const hear of hearers) hear();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      process.off("exit", onExit);
      resolve(code);
    });
  });
  const says = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(log);
        if (!found) return;
        hearers.delete(look);
        resolve(found[1] ?? found[0]);
      };
      hearers.add(look);
      look();
      void ended.then(() => reject(new Error(`the server ended: ${log}`)));
    });
  return {
    says,
    get log() {
      return log;
    },
    signal: (name: NodeJS.Signals) => void child.kill(name),
    ended,
  };
}

/** Starts the server and waits until it listens. */
export async function startServerProcess(
  options: ServerProcessOptions,
): Promise<SpawnedServer & { readonly url: string }> {
  const server = spawnServer(options);
  return Object.assign(server, { url: await server.says(/"url":"(http:[^"]+)"/) });
}
