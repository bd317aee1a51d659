import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { lockDirectory, readLock } from "../../../src/fallbacks/store/lock.ts";
import { compiledScript } from "../../support/compiled-tree.ts";

const root = mkdtempSync(join(tmpdir(), "understudy-lock-"));
const newDirectory = () => mkdtempSync(join(root, "data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const own = { pid: process.pid, url: "http://127.0.0.1:8080" };
const script = await compiledScript("test/fallbacks/store/lock-child.ts");

describe("lock of a data directory", () => {
  it("knows who held the directory before, also those who were killed, and no more than 50 of them", () => {
    const directory = newDirectory();
    for (let count = 1; count <= 60; count += 1) {
      const lock = lockDirectory(directory, { ...own, instance: `instance-${count}` });
      const before = Array.from({ length: Math.min(50, count - 1) }, (_, back) => `instance-${count - 1 - back}`);
      expect(lock.predecessors).toEqual(before);
      lock.release();
    }
  });

  it("tells who holds it, and nobody before and after", () => {
    const directory = join(newDirectory(), "not", "yet");
    expect(readLock(directory)).toBeUndefined();
    const lock = lockDirectory(directory, own);
    expect(readLock(directory)).toEqual(own);
    lock.update("http://127.0.0.1:9090");
    expect(readLock(directory)).toEqual({ ...own, url: "http://127.0.0.1:9090" });
    lock.release();
    lock.release();
    expect(readLock(directory)).toBeUndefined();
  });

  it("lets in nobody else, names the holder, and lets the next one in when it is released", () => {
    const directory = newDirectory();
    const lock = lockDirectory(directory, own);
    expect(() => lockDirectory(directory, own)).toThrow(new RegExp(`process ${process.pid} at http://127.0.0.1:8080`));
    lock.release();
    const next = lockDirectory(directory, own);
    lock.release();
    expect(readLock(directory)).toEqual(own);
    next.release();
    expect(readdirSync(directory)).toEqual(["lock-2"]);
  });

  it("takes over from a process that died", () => {
    const directory = newDirectory();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(join(directory, "lock-7"), JSON.stringify({ pid, url: "http://127.0.0.1:1", started: null }));
    expect(readLock(directory)).toBeUndefined();
    lockDirectory(directory, own).release();
    expect(readdirSync(directory)).toEqual(["lock-8"]);
  });

  it("takes over when the pid is this process's own by chance, as after a restart of a container", () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "lock-1"), JSON.stringify({ ...own, started: null }));
    expect(readLock(directory)).toBeUndefined();
    lockDirectory(directory, own).release();
  });

  it("takes over from a living process that has released it", () => {
    const directory = newDirectory();
    const file = { pid: process.ppid, url: "http://127.0.0.1:1", started: null, released: true };
    writeFileSync(join(directory, "lock-1"), JSON.stringify(file));
    expect(readLock(directory)).toBeUndefined();
    lockDirectory(directory, own).release();
  });

  it.runIf(process.platform === "linux")(
    "takes over when the pid went to a process that started at another time",
    () => {
      const directory = newDirectory();
      const file = join(directory, "lock-1");
      writeFileSync(file, JSON.stringify({ pid: process.ppid, url: "http://127.0.0.1:1", started: "another boot/1" }));
      expect(readLock(directory)).toBeUndefined();
      writeFileSync(file, JSON.stringify({ pid: process.ppid, url: "http://127.0.0.1:1", started: null }));
      expect(readLock(directory)?.pid).toBe(process.ppid);
      expect(() => lockDirectory(directory, own)).toThrow(new RegExp(`process ${process.ppid} `));
    },
  );

  it("says which file is damaged rather than guess", () => {
    const directory = newDirectory();
    for (const text of ["", "{", "null", '{"pid":"1"}']) {
      writeFileSync(join(directory, "lock-3"), text);
      expect(() => lockDirectory(directory, own)).toThrow(/lock-3 is damaged/);
    }
  });

  it("has one winner among many processes that find a dead holder at the same time", { timeout: 60_000 }, async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const contenders = Array.from({ length: 4 }, startContender);
    await Promise.all(contenders.map((contender) => contender.answer()));
    for (let round = 0; round < 50; round += 1) {
      const directory = newDirectory();
      writeFileSync(join(directory, "lock-9"), JSON.stringify({ pid, url: "http://x", started: null }));
      for (const contender of contenders) contender.tell(directory);
      const answers = await Promise.all(contenders.map((contender) => contender.answer()));
      expect(answers.toSorted((a, b) => a.localeCompare(b))).toEqual(["refused", "refused", "refused", "won"]);
      expect(readdirSync(directory)).toHaveLength(1);
    }
    await Promise.all(contenders.map((contender) => contender.end()));
  });
});

function startContender() {
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    tell: (directory: string) => child.stdin.write(`${directory}\n`),
    answer: async () => String((await lines.next()).value),
    end() {
      child.stdin.end();
      return once(child, "close");
    },
  };
}
