import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  startWorkerProcess,
  type WorkerProcess,
  type WorkerProcessOptions,
} from "../../../src/fallbacks/core/worker-process.ts";
import { freeze } from "../../support/freeze.ts";
import { startNode } from "../../support/run-cli.ts";
import type { Order } from "./worker-process-child.ts";

const CHILD = new URL("./worker-process-child.ts", import.meta.url);
const started: WorkerProcess<Order>[] = [];
afterEach(() => Promise.all(started.splice(0).map((worker) => worker.end())));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process, what it has said since it was ready, and with what it ended. */
async function open(options: Partial<WorkerProcessOptions> = {}) {
  const worker = startWorkerProcess<Order>(CHILD, { environment: {}, ...options });
  started.push(worker);
  const heard: unknown[] = [];
  const ended: string[] = [];
  worker.listen(
    (message) => heard.push(message),
    (reason) => ended.push(reason),
  );
  const has = (list: readonly unknown[], count: number) =>
    vi.waitFor(() => expect(list.length).toBeGreaterThanOrEqual(count), { timeout: 20_000, interval: 10 });
  const isReady = () => has(heard, 1);
  const pid = worker.pid ?? 0;
  const answers = async (count: number) => {
    await has(heard, count + 1);
    return heard.slice(1);
  };
  const end = async () => {
    await has(ended, 1);
    return ended;
  };
  return { worker, pid, heard, isReady, answers, end };
}

async function ready(options?: Partial<WorkerProcessOptions>) {
  const opened = await open(options);
  await opened.isReady();
  return opened;
}

describe("a process of ours", () => {
  it("takes and sends what the structured clone takes, of any size, in order", async () => {
    const { worker, answers } = await ready();
    const sent = [
      { texts: ["退款", "refund"], none: undefined, numbers: new Float32Array([0.5, -1]), map: new Map([[1, 2n]]) },
      "x".repeat(3_000_000),
      [1, 2, 3],
    ];
    for (const echo of sent) worker.post({ echo });
    expect(await answers(3)).toEqual(sent);
  });

  it.each<[string, Order, string]>([
    ["an exit", { exit: 7 }, "exit code 7"],
    ["a crash", { raise: "SIGSEGV" }, "signal SIGSEGV"],
    ["an error that nobody catches", { throw: "no such token" }, "exit code 1, TypeError: no such token"],
  ])("tells why it ended, once: %s", async (_, order, reason) => {
    const { worker, end } = await ready();
    worker.post(order);
    expect(await end()).toEqual([reason]);
    worker.post({ echo: "to nobody" });
    await worker.end();
    expect(await end()).toEqual([reason]);
  });

  it("tells all that it said before it ended, then the end, also to who listens only afterwards", async () => {
    const { worker, answers, end } = await ready();
    worker.post({ last: "goodbye" });
    expect(await end()).toEqual(["exit code 0"]);
    expect(await answers(1)).toEqual(["goodbye"]);
    const late = await new Promise((resolve) => worker.listen(() => {}, resolve));
    expect(late).toBe("exit code 0");
  });

  it.each<[string, readonly number[], RegExp]>([
    ["what is no message", [3, 0, 0, 0, 9, 9, 9], /^what it sent cannot be understood: \S/],
    [
      "the start of a message without end",
      [255, 255, 255, 255, 1],
      /a message has 4294967295 bytes; allowed are 64000000$/,
    ],
  ])("ends a process that sends %s, and nothing else", async (_, raw, reason) => {
    const { worker, pid, end } = await ready();
    worker.post({ raw });
    expect(await end()).toEqual([expect.stringMatching(reason)]);
    await worker.end();
    expect(isAlive(pid)).toBe(false);
  });

  it("ends a process whose messages whoever listens cannot take, and hears nothing more of it", async () => {
    const { worker, pid } = await ready();
    const heard: unknown[] = [];
    const reason = new Promise((resolve) =>
      worker.listen((message) => {
        heard.push(message);
        if (message === null) throw new TypeError("there is nothing in it");
      }, resolve),
    );
    for (const echo of ["first", null, "later"]) worker.post({ echo });
    expect(await reason).toBe("what it sent cannot be understood: there is nothing in it");
    await worker.end();
    expect(heard).toEqual(["first", null]);
    expect(isAlive(pid)).toBe(false);
  });

  it("may be held and let go of as often as anybody likes, also when it is gone", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const { worker, end } = await ready();
    worker.post({ exit: 0 });
    await end();
    for (let time = 0; time < 20; time += 1) {
      worker.hold(true);
      worker.hold(false);
    }
    // Warnings come with the next tick.
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  it.each([
    ["without a word", "ENOENT", { command: "/nowhere/node" }],
    ["by the system itself", "E2BIG", { environment: { LONG: "x".repeat(5_000_000) } }],
  ])("says that it could not be started, and never throws: %s", async (_, code, options) => {
    const { worker, end } = await open(options);
    worker.hold(true);
    worker.post({ echo: "to nobody" });
    expect(await end()).toEqual([`it could not be started (${code})`]);
    expect(worker.pid).toBeUndefined();
    await worker.end();
    await worker.end();
  });

  it("is silent once it is told to end, and gone when that returns: at work, frozen, and still starting", async () => {
    const [blocked, frozen, starting] = await Promise.all([ready(), ready(), open()]);
    blocked.worker.post("block");
    freeze(frozen.pid);
    for (const { worker, pid, heard } of [blocked, frozen, starting]) {
      const before = heard.length;
      worker.post({ echo: "too late" });
      await Promise.all([worker.end(), worker.end()]);
      expect(isAlive(pid)).toBe(false);
      expect(heard.length).toBeLessThanOrEqual(before);
    }
  });

  it("does not stop for what it writes, however much, and lets none of it into our output", async () => {
    const { worker, answers, end } = await ready();
    worker.post({ noise: `${"noise ".repeat(200_000)}\nthe last line\n` });
    expect(await answers(1)).toEqual(["written"]);
    worker.post({ raise: "SIGABRT" });
    expect(await end()).toEqual(["signal SIGABRT, the last line"]);
  });

  it("stays when all of a terminal or a service is told to end", async () => {
    const { worker, pid, answers } = await ready();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
    worker.post({ echo: "still here" });
    expect(await answers(1)).toEqual(["still here"]);
  });

  it("finds in its environment and among its flags what it is given, and nothing of ours", async () => {
    const { worker, pid, answers } = await ready({ environment: { GIVEN: "yes" }, flags: ["--no-warnings"] });
    worker.post("environment");
    worker.post("flags");
    const [environment, flags] = await answers(2);
    expect(environment).toEqual({ GIVEN: "yes" });
    expect(flags).toEqual(expect.arrayContaining(["--no-warnings"]));
    for (const flag of process.execArgv) expect(flags).not.toContain(flag);
    const file = `/proc/${pid}/environ`;
    if (existsSync(file)) expect(readFileSync(file, "utf8")).toBe("GIVEN=yes\0");
  });
});

describe("the process that started it", () => {
  async function parentOf(what: string) {
    const parent = startNode("test/fallbacks/core/worker-process-owner-child.ts", [what]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    let err = "";
    parent.stderr.on("data", (text: Buffer) => {
      err += text.toString();
    });
    const [first] = (await Promise.race([once(parent.stdout, "data"), once(parent, "close").then(() => [err])])) as [
      Buffer,
    ];
    const pid = Number(first.toString().split("\n", 1)[0]);
    expect(pid).toBeGreaterThan(0);
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
    return { parent, pid };
  }
  const goes = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000, interval: 20 });

  it("takes it along when it is killed, also out of code that never comes back", async () => {
    for (const { parent, pid } of await Promise.all([parentOf("wait"), parentOf("block")])) {
      expect(isAlive(pid)).toBe(true);
      parent.kill("SIGKILL");
      await goes(pid);
    }
  });

  it("is not kept by what the one that it has ended leaves behind", async () => {
    const { parent, pid } = await parentOf("end");
    if (parent.exitCode === null) await once(parent, "exit");
    expect(parent.exitCode).toBe(0);
    expect(isAlive(pid)).toBe(true);
  });

  it("is not kept by one that it has let go of or never held, and takes that one along", async () => {
    for (const { parent, pid } of await Promise.all([parentOf("forget"), parentOf("free")])) {
      if (parent.exitCode === null) await once(parent, "exit");
      expect(parent.exitCode).toBe(0);
      await goes(pid);
    }
  });
});
