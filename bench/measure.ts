import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  /** From the start of the process to its first line, in ms. */
  readonly startMs: number;
}

/** Starts a script that prints a line with its URL once it listens. */
export async function startServer(
  script: string,
  environment: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [script, ...more], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let seen = "";
    // It keeps on reading, as a server whose log nobody reads would stop.
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen = seen.length < 10_000 ? seen + text : seen;
      const found = /http:\/\/[\d.]+:\d+/.exec(seen)?.[0];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error(`${script} ended: ${seen}`)));
  });
  return { child, url, startMs: performance.now() - startedAt };
}

export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.child.once("exit", () => resolve());
    server.child.kill("SIGTERM");
  });
}

/** Resident memory of a process in MB (Linux). */
export function residentMb(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Milliseconds for which threads of this process have had a processor (Linux). */
export function processorTime(): { readonly main: number; readonly others: number } {
  let [main, others] = [0, 0];
  for (const thread of readdirSync("/proc/self/task")) {
    const ms = Number(readFileSync(`/proc/self/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    if (Number(thread) === process.pid) main += ms;
    else others += ms;
  }
  return { main, others };
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Sends `count` requests, `width` at a time, and times each. */
export async function load(count: number, width: number, request: (index: number) => Promise<void>): Promise<Load> {
  const times: number[] = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let index = next++; index < count; index = next++) {
        const at = performance.now();
        await request(index);
        times.push(performance.now() - at);
      }
    }),
  );
  return loadOf(times, (performance.now() - startedAt) / 1000);
}

function loadOf(times: readonly number[], seconds: number): Load {
  return {
    perSecond: times.length / seconds,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    p99Ms: quantile(times, 0.99),
  };
}

/**
 * Sends requests at their times whether or not earlier ones are done, on average one each `everyMs`, at times that no
 * rhythm of the server can fall in with, until `most` are sent or `over` says so. Each is timed from when it was due.
 */
export async function arrivals(
  everyMs: number,
  request: (index: number) => Promise<void>,
  { most = Number.POSITIVE_INFINITY, over = () => false }: { readonly most?: number; readonly over?: () => boolean },
): Promise<Load> {
  const times: number[] = [];
  const sent: Promise<void>[] = [];
  const startedAt = performance.now();
  let due = startedAt;
  for (let index = 0; index < most && !over(); index += 1) {
    const at = due;
    sent.push(request(index).then(() => void times.push(performance.now() - at)));
    due += everyMs * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
  }
  await Promise.all(sent);
  return loadOf(times, (performance.now() - startedAt) / 1000);
}

export function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
