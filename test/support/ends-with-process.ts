import type { ChildProcess } from "node:child_process";

const living = new Set<ChildProcess>();
const endAll = () => {
  for (const child of living) child.kill("SIGKILL");
};

/** A worker that ends early must not leave the process behind, frozen or not. One listener for all: Node takes more than ten for a leak. */
export function endsWithProcess(child: ChildProcess): void {
  if (living.size === 0) process.on("exit", endAll);
  living.add(child);
  child.once("exit", () => {
    living.delete(child);
    if (living.size === 0) process.off("exit", endAll);
  });
}
