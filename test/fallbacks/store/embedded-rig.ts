import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { startWritingThread, type WritingThread } from "../../../src/fallbacks/store/writing-thread.ts";
import { compiledScript } from "../../support/compiled-tree.ts";

/** Directories that do not exist yet, below one that goes with the test file. */
export function newDirectories(): () => string {
  const root = mkdtempSync(join(tmpdir(), "understudy-store-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return () => join(mkdtempSync(join(root, "data-")), "inner");
}

/**
 * Real writing threads that serve one store after the other: to start one from sources takes long on Node 20. Whoever ends
 * one gives it back.
 */
export function createThreadPool(): () => WritingThread {
  const free: WritingThread[] = [];
  const all: WritingThread[] = [];
  afterAll(async () => {
    await Promise.all(all.map((thread) => thread.end()));
  });
  return () => {
    let thread = free.pop();
    if (!thread) all.push((thread = startWritingThread()));
    const own = thread;
    let closed = false;
    return {
      ...own,
      listen: (onMessage, onEnd) =>
        own.listen((message) => {
          closed = message.type === "closed";
          onMessage(message);
        }, onEnd),
      async end() {
        own.hold(false);
        if (closed) free.push(own);
        else await own.end();
      },
    };
  };
}

/** The program that Node is told to run as the child: its arguments follow. */
export const child = await compiledScript("test/fallbacks/store/embedded-child.ts");

/** Starts the child with a task that tells lines, kills it (SIGKILL) after so many, and returns all that it managed to tell. */
export function killAfter(count: number, directory: string, task: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const writer = spawn(process.execPath, [child, directory, task], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    let lines = 0;
    writer.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      lines += chunk.split("\n").length - 1;
      if (lines > count) writer.kill("SIGKILL");
    });
    writer.on("error", reject);
    writer.on("close", () => resolve(text.split("\n").slice(0, -1)));
  });
}

/** Why this machine does not let us do that; undefined when it does. */
export function whyNot(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim() || `exit code ${status}`;
}
