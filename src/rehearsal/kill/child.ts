import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A process that this one started, and that does not outlive it. */
export interface Child {
  readonly pid: number;
  /** The last things that it wrote, for a person. */
  said(): string;
  /** Hears everything that it writes. */
  onOutput(hear: (text: string) => void): void;
  /** Settles when it is gone. */
  readonly gone: Promise<void>;
  readonly isGone: boolean;
  send(signal: NodeJS.Signals): void;
  /** Ends it at once (SIGKILL), frozen or not, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const LAST_WORDS = 4_000;

/** Those that live. One listener ends them all: Node takes more than ten on one event for a leak, and says so. */
const living = new Set<ChildProcess>();
const endAll = () => {
  for (const child of living) child.kill("SIGKILL");
};

function watchOver(child: ChildProcess): Promise<void> {
  if (living.size === 0) process.on("exit", endAll);
  living.add(child);
  return once(child, "exit").then(() => {
    living.delete(child);
    if (living.size === 0) process.off("exit", endAll);
  });
}

/** Starts it with nothing but PATH, HOME and TMPDIR of this process's environment. @throws when it cannot be started. */
export async function startChild({ command, args, cwd, environment }: ChildOptions): Promise<Child> {
  const { PATH, HOME, TMPDIR } = process.env;
  const child: ChildProcess = spawn(command, args, {
    cwd,
    env: { PATH, HOME, TMPDIR, ...environment },
    // Ctrl-C is for the drill, which ends its processes itself.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let last = "";
  const listeners = new Set<(text: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      last = `${last}${text}`.slice(-LAST_WORDS);
      for (const hear of listeners) hear(text);
    });
  }
  await once(child, "spawn");
  const gone = watchOver(child);
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid as number,
    said: () => last,
    onOutput: (hear) => void listeners.add(hear),
    gone,
    get isGone() {
      return isGone();
    },
    send: (signal) => void child.kill(signal),
    async kill() {
      if (!isGone()) child.kill("SIGKILL");
      await gone;
    },
  };
}
