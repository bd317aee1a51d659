import { once } from "node:events";
import { createInterface } from "node:readline";
import { endsWithProcess } from "./ends-with-process.ts";
import { freeze } from "./freeze.ts";
import { startNode } from "./run-cli.ts";

/** A server in a process of its own, which can be frozen and killed. */
export interface ChildServer {
  readonly url: string;
  readonly port: number;
  /** Stops it where it stands (SIGSTOP): the system accepts connections, and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once (SIGKILL), frozen or not, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Runs a script that prints its URL when it listens; `args` follow the port (0: a free one). */
export async function startChildServer(script: string, port = 0, args: readonly string[] = []): Promise<ChildServer> {
  const child = startNode(script, [String(port), ...args]);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  endsWithProcess(child);
  const gone = once(child, "close");
  const url = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([line]) => String(line)),
    gone.then(() => Promise.reject(new Error(`${script} did not start: ${errors}`))),
  ]);
  return {
    url,
    port: Number(new URL(url).port),
    freeze: () => freeze(child.pid as number),
    thaw: () => void child.kill("SIGCONT"),
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
