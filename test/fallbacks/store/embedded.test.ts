import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import type { Write } from "../../../src/fallbacks/store/port.ts";
import { storeContract } from "../../contracts/store.ts";

const root = mkdtempSync(join(tmpdir(), "understudy-store-"));
const newDirectory = () => join(mkdtempSync(join(root, "data-")), "inner");
afterAll(() => rmSync(root, { recursive: true, force: true }));

const context = createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000 });
const put = (key: string, value: string): Write => ({ kind: "put", collection: "meta", key, value });
const child = join(import.meta.dirname, "embedded-child.ts");

storeContract("embedded", () => createEmbeddedStore({ directory: newDirectory() }));

describe("embedded store", () => {
  it("keeps everything over a close and a new start, operation ids too", async () => {
    const directory = newDirectory();
    const first = createEmbeddedStore({ directory });
    await first.commit({ id: "one", writes: [put("a", "1")] }, context);
    await first.close();
    const second = createEmbeddedStore({ directory });
    await second.commit({ id: "one", writes: [put("a", "2")] }, context);
    expect(await second.get("meta", "a", context)).toEqual({ key: "a", value: "1", version: 1 });
    await second.close();
  });

  it("opens nothing before its first use, and then a directory of its own", async () => {
    const directory = newDirectory();
    const store = createEmbeddedStore({ directory });
    expect(() => statSync(directory)).toThrow(/ENOENT/);
    await store.open();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    await store.close();
    await expect(store.get("meta", "a", context)).rejects.toThrow(/closed/);
  });

  it("leaves nothing in the write-ahead log when it is closed", async () => {
    const directory = newDirectory();
    const store = createEmbeddedStore({ directory });
    await store.commit({ id: "one", writes: [put("a", "x".repeat(10_000))] }, context);
    const log = join(directory, "understudy.db-wal");
    expect(statSync(log).size).toBeGreaterThan(10_000);
    await store.close();
    expect(statSync(log, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  it("refuses the file of a newer program and does not touch it", async () => {
    const directory = newDirectory();
    mkdirSync(directory);
    const file = join(directory, "understudy.db");
    const database = new Database(file);
    database.exec("CREATE TABLE of_the_future (a); PRAGMA user_version = 99");
    database.close();
    const before = readFileSync(file);
    const older = createEmbeddedStore({ directory });
    await expect(older.open()).rejects.toThrow(/schema version 99 and this program knows 1/);
    await expect(older.open()).rejects.toMatchObject({ errorClass: "server" });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it("says which file is no database", async () => {
    const directory = newDirectory();
    mkdirSync(directory);
    writeFileSync(join(directory, "understudy.db"), "this is a letter, not a database\n".repeat(200));
    const store = createEmbeddedStore({ directory });
    await expect(store.get("meta", "a", context)).rejects.toThrow(/cannot open .*understudy\.db/);
  });

  it("has everything that it acknowledged when the process is killed", async () => {
    const directory = newDirectory();
    const acknowledged = await killWhileWriting(directory, 25);
    expect(acknowledged.length).toBeGreaterThanOrEqual(25);
    const store = createEmbeddedStore({ directory });
    const kept = await store.list({ collection: "meta", limit: 1000 }, context);
    expect(kept.map((record) => record.key)).toEqual(expect.arrayContaining([...acknowledged]));
    await store.close();
  });

  it("acknowledges nothing that the disk did not take, and goes on reading", { timeout: 30_000 }, async () => {
    const directory = newDirectory();
    // 2 MB is the largest file that the child may write; Node ignores the signal, so the write fails as on a full disk.
    const command = `ulimit -f 4096; exec "${process.execPath}" --import tsx "${child}" "${directory}" fill`;
    const told = JSON.parse(execFileSync("bash", ["-c", command], { encoding: "utf8" }));
    expect(told).toMatchObject({ errorClass: "server", readable: true });
    const store = createEmbeddedStore({ directory });
    const kept = await store.list({ collection: "meta", limit: 1000 }, context);
    expect(kept.map((record) => record.key)).toEqual(told.acknowledged);
    await store.close();
  });
});

/** Starts the child, kills it after so many acknowledgements, and returns all that it managed to tell. */
function killWhileWriting(directory: string, count: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const writer = spawn(process.execPath, ["--import", "tsx", child, directory, "write"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    writer.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.split("\n").length > count) writer.kill("SIGKILL");
    });
    writer.on("error", reject);
    writer.on("close", () => resolve(text.split("\n").slice(0, -1)));
  });
}
