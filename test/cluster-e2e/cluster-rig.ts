import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Api, createApi } from "../../src/rehearsal/kill/api.ts";
import { type ServerProcess, startServerProcess } from "../../src/rehearsal/kill/server-process.ts";
import { compiledServer } from "../support/compiled-server.ts";

/** One of several servers, in a process of its own, with a data directory that outlives it. */
export interface Instance {
  readonly number: number;
  /** Of the process that runs now, or ran last. */
  readonly url: string;
  readonly api: Api;
  /** Its reads count only when it had Redis. */
  readonly reader: Api;
  readonly isRunning: boolean;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Resolves when it listens. */
  start(): Promise<void>;
}

export interface InstancesOptions {
  readonly count: number;
  /** What each of them has in its environment. */
  readonly environment: (number: number) => Readonly<Record<string, string>>;
}

export interface Instances {
  readonly all: readonly Instance[];
  close(): Promise<void>;
}

/** Starts servers side by side. Whoever starts them closes them. */
export async function startInstances({ count, environment }: InstancesOptions): Promise<Instances> {
  const script = await compiledServer();
  const directory = mkdtempSync(join(tmpdir(), "understudy-instances-"));
  const all = Array.from({ length: count }, (_, number) => {
    const own = join(directory, String(number));
    mkdirSync(own);
    return createInstance(number, () =>
      startServerProcess({ script, directory: own, environment: environment(number) }),
    );
  });
  const close = async () => {
    await Promise.all(all.map((instance) => instance.kill()));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await Promise.all(all.map((instance) => instance.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { all, close };
}

function createInstance(number: number, launch: () => Promise<ServerProcess>): Instance {
  let url = "http://127.0.0.1:9";
  let running: ServerProcess | undefined;
  return {
    number,
    get url() {
      return url;
    },
    get isRunning() {
      return running !== undefined && !running.isGone;
    },
    api: createApi(() => url),
    reader: createApi(() => url, { shared: true }),
    async kill() {
      await running?.kill();
    },
    async start() {
      running = await launch();
      url = await running.listening;
    },
  };
}
