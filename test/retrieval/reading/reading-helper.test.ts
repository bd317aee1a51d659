import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createReader } from "../../../src/retrieval/reading/create-reader.ts";
import type { Reader } from "../../../src/retrieval/reading/reader.ts";
import { type ReadingProcess, startReadingProcess } from "../../../src/retrieval/reading/start-reading-process.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const STUCK = new URL("./stuck-child.ts", import.meta.url);
const running: Reader[] = [];
afterEach(() => Promise.all(running.splice(0).map((reader) => reader.close())));

/** A reader on a clock that stands still, with a process that does what the content of a file says. */
function rig(start = () => startReadingProcess({ file: STUCK })) {
  const clock = createManualClock();
  const started: ReadingProcess[] = [];
  const reader = createReader({
    clock,
    start: () => {
      const process = start();
      started.push(process);
      return process;
    },
  });
  running.push(reader);
  const read = (content: string, signal?: AbortSignal, name = "a.csv") =>
    reader.read({ name, content }, testContext(signal ? { signal } : {}));
  return { clock, started, reader, read };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const gone = (child: ReadingProcess | undefined) => vi.waitFor(() => expect(isAlive(child?.pid ?? 0)).toBe(false));
const unreadable = (message: RegExp) =>
  expect.objectContaining({ code: "document_unreadable", message: expect.stringMatching(message) });

describe("the process that reads", () => {
  it("is started for the first file, and answers in the order of the calls", async () => {
    const { read, started } = rig();
    expect(started).toHaveLength(0);
    const order: string[] = [];
    const all = ["one", "two", "three"].map(async (content) => {
      const { text, title } = await read(content);
      order.push(text);
      return title;
    });
    const pids = await Promise.all(all);
    expect(order).toEqual(["one", "two", "three"]);
    expect(new Set(pids)).toEqual(new Set([String(started[0]?.pid)]));
    expect(started).toHaveLength(1);
  });

  it("fault 69: gets 30 s for a file and not more; the next file is read by another one", async () => {
    const { clock, read, started } = rig();
    await read("first");
    const stuck = read("loop");
    const next = read("next");
    const settled = vi.fn();
    stuck.then(settled, settled);
    await clock.advance(29_999);
    expect(settled).not.toHaveBeenCalled();
    await clock.advance(1);
    await expect(stuck).rejects.toThrow(unreadable(/^a\.csv takes longer than 30 s to read/));
    expect((await next).title).toBe(String(started[1]?.pid));
    await gone(started[0]);
  });

  it("fault 69: may fill its memory: it dies, and the next file is read", async () => {
    const { read, started } = rig();
    const [full, next] = await Promise.allSettled([read("fill"), read("next")]);
    expect(full).toMatchObject({ status: "rejected", reason: unreadable(/^a\.csv takes more than 640 MB of memory/) });
    expect(next).toMatchObject({ status: "fulfilled", value: { text: "next" } });
    expect(started).toHaveLength(2);
  });

  it("is replaced after a parser threw what nobody expects", async () => {
    const { read, started } = rig();
    await expect(read("defect")).rejects.toThrow(unreadable(/^a\.csv is damaged, or not what its name says/));
    expect((await read("next")).text).toBe("next");
    expect(started).toHaveLength(2);
    await gone(started[0]);
  });

  it("is replaced when somebody kills it, and its file is read once more; a file that ends it twice is refused", async () => {
    const { clock, read, started } = rig();
    // Expected from the start: it may be refused before the clock has arrived.
    const first = expect(read("loop")).rejects.toThrow(unreadable(/takes longer/));
    await vi.waitFor(() => expect(started).toHaveLength(1));
    process.kill(started[0]?.pid ?? 0, "SIGKILL");
    await vi.waitFor(() => expect(started).toHaveLength(2));
    await clock.advance(30_000);
    await first;
    await expect(read("exit")).rejects.toThrow(unreadable(/^a\.csv ended the process that reads it/));
    expect((await read("next")).text).toBe("next");
    expect(started).toHaveLength(5);
  });

  it("ends with a read that nobody waits for any more; who waits for a turn leaves at once", async () => {
    const { read, started } = rig();
    const [first, second] = [new AbortController(), new AbortController()];
    const stuck = read("loop", first.signal);
    const waiting = read("waiting", second.signal);
    const next = read("next");
    second.abort();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ errorClass: "aborted" }));
    first.abort();
    await expect(stuck).rejects.toThrow(expect.objectContaining({ errorClass: "aborted" }));
    expect((await next).text).toBe("next");
    await gone(started[0]);
    expect(started).toHaveLength(2);
    await expect(read("late", AbortSignal.abort())).rejects.toThrow(expect.objectContaining({ errorClass: "aborted" }));
  });

  it("ends after 30 s without work, and is started again", async () => {
    const { clock, read, started } = rig();
    await read("one");
    await clock.advance(29_000);
    await read("two");
    await clock.advance(29_999);
    expect(started).toHaveLength(1);
    expect(isAlive(started[0]?.pid ?? 0)).toBe(true);
    await clock.advance(1);
    await gone(started[0]);
    expect((await read("three")).title).toBe(String(started[1]?.pid));
  });

  it("ends when the reader is closed, also in the middle of a file", async () => {
    const { reader, read, started, clock } = rig();
    const stuck = read("loop");
    await vi.waitFor(() => expect(started).toHaveLength(1));
    const closed = reader.close();
    await expect(stuck).rejects.toThrow(expect.objectContaining({ errorClass: "aborted" }));
    await closed;
    expect(isAlive(started[0]?.pid ?? 0)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it("is nobody's fault when it cannot be started", async () => {
    const failed = new Error("spawn EAGAIN");
    const { read } = rig(() => ({
      pid: undefined,
      send: () => {},
      hold: () => {},
      listen: (_onAnswer, onEnd) => onEnd({ failed }),
      end: () => Promise.resolve(),
    }));
    await expect(read("one")).rejects.toThrow(expect.objectContaining({ errorClass: "server", cause: failed }));
  });

  it("ends when the process that it works for is killed, whatever it is doing", async () => {
    const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)));
    const code = `
      const { createReader } = require(${source("retrieval/reading/create-reader.ts")});
      const { startReadingProcess } = require(${source("retrieval/reading/start-reading-process.ts")});
      const { systemClock } = require(${source("fallbacks/core/clock.ts")});
      const { createContext } = require(${source("fallbacks/core/context.ts")});
      let child;
      const start = () => (child = startReadingProcess({ file: new URL(${JSON.stringify(STUCK.href)}) }));
      const reader = createReader({ clock: systemClock, start });
      const context = createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000 });
      reader.read({ name: "a.csv", content: "up" }, context).then(() => {
        reader.read({ name: "a.csv", content: "loop" }, context);
        process.stdout.write(String(child.pid));
      });
    `;
    const tsx = createRequire(import.meta.url).resolve("tsx/cjs");
    const parent = spawn(process.execPath, ["--require", tsx, "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [output] = (await once(parent.stdout, "data")) as [Buffer];
      parent.kill("SIGKILL");
      await vi.waitFor(() => expect(isAlive(Number(output.toString()))).toBe(false), { timeout: 20_000 });
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
