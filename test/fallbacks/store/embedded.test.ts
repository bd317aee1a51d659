import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { createEmbeddedStore, type EmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { storeContract } from "../../contracts/store.ts";
import { context, put } from "./embedded-operations.ts";
import { child, createThreadPool, killAfter, newDirectories } from "./embedded-rig.ts";

const newDirectory = newDirectories();

const startThread = createThreadPool();
let latest: EmbeddedStore | undefined;
storeContract("embedded", async () => {
  // No test of the suite needs two at once, and so one thread is enough for all.
  await latest?.close();
  latest = createEmbeddedStore({ directory: newDirectory(), startThread });
  return latest;
});

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

  it("lists as many values as fit into so many bytes, however many or large they are, and gives each back as it was", async () => {
    const store = createEmbeddedStore({ directory: newDirectory() });
    const keys = Array.from({ length: 300 }, (_, at) => `key ${String(at).padStart(3, "0")}`);
    // ASCII, other Latin letters and Chinese, short and long.
    const values = keys.map((_, at) => ["a", "é", "退"][at % 3]?.repeat(at % 50 === 49 ? 9_000 : at % 7) ?? "");
    await store.commit({ id: "1", writes: keys.map((key, at) => put(key, values[at] ?? "")) }, context);
    const sizes = values.map((value) => Buffer.byteLength(JSON.stringify(value)));
    for (const limit of [1, 31, 32, 33, 200, 1_000]) {
      for (const bytes of [0, 100, 400, 2_000, 20_000, 1_000_000]) {
        let sum = 0;
        const over = sizes.findIndex((size, at) => (sum += size) > bytes && at > 0);
        const expected = Math.min(limit, over === -1 ? keys.length : over);
        const found = await store.list({ collection: "meta", limit, bytes }, context);
        expect([limit, bytes, found.length]).toEqual([limit, bytes, expected]);
        expect(found.map(({ value }) => value)).toEqual(values.slice(0, expected));
      }
    }
    await store.close();
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
    await expect(older.open()).rejects.toThrow(/schema version 99 and this program knows 2/);
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
    const acknowledged = await killAfter(25, directory, "write");
    expect(acknowledged.length).toBeGreaterThanOrEqual(25);
    const store = createEmbeddedStore({ directory });
    const kept = await store.list({ collection: "meta", limit: 1000 }, context);
    expect(kept.map((record) => record.key)).toEqual(expect.arrayContaining([...acknowledged]));
    await store.close();
  });

  it("acknowledges nothing that the disk did not take, and goes on reading", { timeout: 30_000 }, async () => {
    const directory = newDirectory();
    // 2 MB is the largest file that the child may write; Node ignores the signal, so the write fails as on a full disk.
    const command = `ulimit -f 4096; exec "${process.execPath}" "${child}" "${directory}" fill`;
    const told = JSON.parse(execFileSync("bash", ["-c", command], { encoding: "utf8" }));
    expect(told).toMatchObject({ errorClass: "server", readable: true });
    const store = createEmbeddedStore({ directory });
    const kept = await store.list({ collection: "meta", limit: 1000 }, context);
    expect(kept.map((record) => record.key)).toEqual(told.acknowledged);
    await store.close();
  });
});
