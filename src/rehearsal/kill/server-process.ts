import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "./child.ts";

/** A server under rehearsal: from the first moment on it can be killed. */
export interface ServerProcess {
  /** Settles to its URL as soon as it listens. Fails when it ends before. */
  readonly listening: Promise<string>;
  readonly isGone: boolean;
  /** Its last words. */
  said(): string;
  kill(): Promise<void>;
}

export interface ServerProcessOptions {
  /** What Node runs: the arguments up to the script of the server. */
  readonly script: readonly string[];
  readonly directory: string;
  readonly redisUrl?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server without a key, on a free port of this machine, with its data in `directory`. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { script, directory, redisUrl } = options;
  const child = await startChild({
    command: process.execPath,
    args: script,
    // Where no file of settings is.
    cwd: directory,
    environment: {
      PORT: "0",
      DATA_DIR: join(directory, "data"),
      LOG_LEVEL: "info",
      REQUESTS_PER_MINUTE: "1000000",
      TURNS_AT_ONCE: "1000",
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
      ...options.environment,
    },
  });
  const listening = whenListening(child);
  // Whoever kills it while it starts does not wait for this.
  listening.catch(() => {});
  return {
    listening,
    get isGone() {
      return child.isGone;
    },
    said: () => child.said(),
    kill: () => child.kill(),
  };
}

function whenListening(child: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    let found = false;
    child.onOutput((more) => {
      if (found) return;
      text += more;
      const url = /"url":"(http:[^"]+)"/.exec(text)?.[1];
      if (url === undefined) return;
      found = true;
      resolve(url);
    });
    void child.gone.then(() => reject(new Error(`the server ended: ${child.said()}`)));
  });
}

const here = dirname(fileURLToPath(import.meta.url));
/** `src` or `dist`. */
const sources = join(here, "..", "..");

/** How Node runs the server of this tree: as it was compiled, or, when the sources are newer, from these. */
export function serverScript(): readonly string[] {
  if (import.meta.url.endsWith(".js")) return [join(sources, "main.js")];
  const compiled = join(sources, "..", "dist", "main.js");
  const made = changedAt(join(sources, "..", "dist", ".tsbuildinfo"));
  if (changedAt(compiled) > 0 && made > newest(sources)) return [compiled];
  return ["--import", import.meta.resolve("tsx"), join(sources, "main.ts")];
}

function newest(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((entry) => changedAt(join(entry.parentPath, entry.name))));
}

/** ms since 1970; 0 when there is no such file. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
