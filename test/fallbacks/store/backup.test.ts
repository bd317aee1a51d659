import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { backup, check, restore } from "../../../src/fallbacks/store/backup.ts";
import { draftOf } from "../../../src/fallbacks/store/backup-draft.ts";
import { createEmbeddedStore, type EmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { lockDirectory } from "../../../src/fallbacks/store/lock.ts";
import type { Write } from "../../../src/fallbacks/store/port.ts";
import { startOf } from "../../../src/fallbacks/store/process-identity.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { context, put, remove, single } from "./embedded-operations.ts";
import { child, createThreadPool, killAfter, newDirectories } from "./embedded-rig.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();
const open = (directory: string) => createEmbeddedStore({ directory, startThread });
const fileIn = (directory: string) => join(directory, "understudy.db");
const keysOf = async (store: EmbeddedStore) =>
  (await store.list({ collection: "meta", limit: 1000 }, context)).map(({ key }) => key);

/** A closed store with these keys. */
async function storeWith(...keys: readonly string[]): Promise<string> {
  const directory = newDirectory();
  const store = open(directory);
  for (const key of keys) await store.commit(single(key, key), context);
  await store.close();
  return directory;
}

/** A new directory and what a backup in it will be called. */
const newFile = () => {
  const directory = newDirectory();
  mkdirSync(directory);
  return join(directory, "it's a backup.db");
};

describe("a backup", () => {
  it("is the store at one moment, taken while it is written to, and by another process", async () => {
    const directory = newDirectory();
    const store = open(directory);
    const stop = new AbortController();
    const write = (count: number) => {
      const writes = [put("count", count), put(`key ${String(count).padStart(6, "0")}`, "x".repeat(1_000))];
      return store.commit({ id: `${count}`, writes }, context);
    };
    await write(0);
    const writer = (async () => {
      for (let count = 1; !stop.signal.aborted; count += 1) await write(count);
    })();
    const files = [newFile(), newFile()] as const;
    await backup({ directory, file: files[0] });
    const { status, stderr } = spawnSync(process.execPath, [child, directory, "backup", files[1]], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    stop.abort();
    await writer;
    await store.close();
    for (const file of files) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readdirSync(dirname(file))).toEqual([basename(file)]);
      const report = await check(file);
      const restored = newDirectory();
      await restore({ file, directory: restored });
      const copy = open(restored);
      const last = (await copy.get("meta", "count", context))?.value as number;
      expect(report).toMatchObject({ schemaVersion: 2, problems: [], records: { meta: last + 2 }, logBytes: 0 });
      expect(await copy.get("meta", `key ${String(last).padStart(6, "0")}`, context)).toBeDefined();
      await copy.close();
    }
  });

  it("when the process exits while it is made, ends with its code, and is whole or not there", async () => {
    const file = newFile();
    const { status, stderr } = spawnSync(process.execPath, [child, newDirectory(), "exit-in-backup", file], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([1, ""]);
    if (existsSync(file)) expect(await check(file)).toMatchObject({ problems: [], records: { meta: 500 } });
    expect(readdirSync(dirname(file)).filter((name) => name !== basename(file))).toEqual([]);
  });

  it("clears away what was left of those that were killed, and nothing else", async () => {
    const file = newFile();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const living = { pid: process.ppid, started: startOf(process.ppid) };
    const before = { ...living, started: "01234567-89ab-cdef-0123-456789abcdef/1" };
    const left = [draftOf(file, { pid, started: null }), `${draftOf(file, before)}-journal`, draftOf(file, before)];
    const others = [draftOf(file, living), `${file}.new-year`, `${file}.new-${pid}.db`, `another.new-${pid}`];
    const kept = others.map((path) => join(dirname(file), basename(path)));
    for (const path of [...left, ...kept]) writeFileSync(path, "half a copy");
    await backup({ directory: await storeWith("a"), file });
    expect(readdirSync(dirname(file)).sort()).toEqual([file, ...kept].map((path) => basename(path)).sort());
  });

  it("leaves nothing of one that was killed once the next one is there", async () => {
    const [directory, file] = [newDirectory(), newFile()];
    const { signal } = spawnSync(process.execPath, [child, directory, "killed-in-backup", file]);
    expect(signal).toBe("SIGKILL");
    const left = readdirSync(dirname(file));
    expect(left).toEqual(expect.arrayContaining([expect.stringContaining(".new-")]));
    expect(left).not.toContain(basename(file));
    await backup({ directory, file });
    expect(readdirSync(dirname(file))).toEqual([basename(file)]);
  });

  it("takes nobody's place unless it is told to", async () => {
    const [one, two] = [await storeWith("one"), await storeWith("two")];
    const file = newFile();
    await backup({ directory: one, file });
    const before = readFileSync(file);
    const refused = backup({ directory: two, file });
    await expect(refused).rejects.toThrow(/is there already: name another file, or allow to overwrite it/);
    await expect(refused).rejects.toMatchObject({ errorClass: "invalid_request" });
    expect(readFileSync(file).equals(before)).toBe(true);
    await backup({ directory: two, file, overwrite: true });
    const restored = newDirectory();
    await restore({ file, directory: restored });
    expect(await keysOf(open(restored))).toEqual(["two"]);
    const itself = backup({ directory: one, file: fileIn(one), overwrite: true });
    await expect(itself).rejects.toThrow(/is the store itself/);
  });

  it("says why there is none", async () => {
    const nowhere = newDirectory();
    const file = newFile();
    await expect(backup({ directory: nowhere, file })).rejects.toThrow(/understudy\.db is not there/);
    expect(existsSync(nowhere)).toBe(false);
    const directory = await storeWith("a");
    const missing = backup({ directory, file: join(newDirectory(), "a.db") });
    await expect(missing).rejects.toMatchObject({ errorClass: "server" });
    truncateSync(fileIn(directory), 5_000);
    await expect(backup({ directory, file })).rejects.toThrow(/damaged: stop the server and restore a backup/);
    expect(readdirSync(dirname(file))).toEqual([]);
  });
});

describe("a restore", () => {
  const clock = createManualClock();

  it("puts the backup into the place of the store and keeps that one, with what was in its log", async () => {
    const file = newFile();
    await backup({ directory: await storeWith("from the backup"), file });
    const directory = newDirectory();
    // Killed, so that what it acknowledged last is in the log alone.
    const acknowledged = await killAfter(5, directory, "write");
    expect(statSync(`${fileIn(directory)}-wal`).size).toBeGreaterThan(0);
    const { kept } = await restore({ file, directory, clock });
    expect(kept).toBe(`${fileIn(directory)}.before-restore-20260115T100000Z`);
    const store = open(directory);
    expect(await keysOf(store)).toEqual(["from the backup"]);
    await store.commit(single("after", 1), context);
    await store.close();
    const old = newDirectory();
    mkdirSync(old);
    for (const end of ["", "-wal"]) renameSync(`${kept}${end}`, `${fileIn(old)}${end}`);
    expect(await keysOf(open(old))).toEqual(expect.arrayContaining([...acknowledged]));
  });

  it("makes a store that a shared Redis is compared with", async () => {
    const directory = newDirectory();
    const store = open(directory);
    const own = (key: string, collection: "replicas" | "outbox"): Write => ({ kind: "put", collection, key, value: 1 });
    await store.commit(
      { id: "1", writes: [own("journal-1", "replicas"), own("0001", "outbox"), put("a", 1)] },
      context,
    );
    await store.commit({ id: "2", writes: [put("b", 1), remove("b")] }, context);
    await store.close();
    const file = newFile();
    await backup({ directory, file });
    await restore({ file, directory, clock });
    const restored = open(directory);
    expect(await restored.list({ collection: "replicas", limit: 9 }, context)).toEqual([
      { key: "!alone", value: null, version: 1 },
    ]);
    expect(await restored.graves({ collection: "replicas", limit: 9 }, context)).toEqual([]);
    expect(await restored.list({ collection: "outbox", limit: 9 }, context)).toHaveLength(1);
    expect(await restored.graves({ collection: "meta", limit: 9 }, context)).toMatchObject([{ key: "b", version: 2 }]);
    expect(await restored.commit({ id: "1", writes: [put("a", "twice")] }, context)).toEqual({ status: "applied" });
    expect((await restored.get("meta", "a", context))?.value).toBe(1);
    await restored.close();
    expect((await check(file)).records).toEqual({ meta: 1, outbox: 1, replicas: 1 });
  });

  it("is refused while a process uses the directory, and lets nobody in meanwhile", async () => {
    const directory = await storeWith("a");
    const file = newFile();
    await backup({ directory, file });
    const lock = lockDirectory(directory, { pid: process.pid, url: "http://127.0.0.1:1" });
    await expect(restore({ file, directory })).rejects.toThrow(/in use by process \d+ at http:\/\/127\.0\.0\.1:1/);
    lock.release();
    const restoring = restore({ file, directory });
    expect(() => lockDirectory(directory, { pid: process.pid, url: "" })).toThrow(/in use by process/);
    await restoring;
    lockDirectory(directory, { pid: process.pid, url: "" }).release();
  });

  it("refuses what is no backup, and leaves the store as it is", async () => {
    const directory = await storeWith("kept");
    const refusals: readonly (readonly [RegExp, (file: string) => void])[] = [
      [/is not there/, () => {}],
      [/is empty/, (file) => writeFileSync(file, "")],
      [/not a database/, (file) => writeFileSync(file, "a letter\n".repeat(1_000))],
      [/is no store of this program/, (file) => make(file, "CREATE TABLE somebody_elses (a); PRAGMA user_version = 1")],
      [
        /schema version 99 and this program knows 2/,
        (file) => make(file, "CREATE TABLE a (a); PRAGMA user_version = 99"),
      ],
      [/was copied while it was in use/, (file) => [file, `${file}-wal`].map((name) => writeFileSync(name, "x"))],
    ];
    for (const [reason, prepare] of refusals) {
      const file = newFile();
      prepare(file);
      await expect(restore({ file, directory })).rejects.toThrow(reason);
    }
    const damaged = newFile();
    await backup({
      directory: await storeWith(...Array.from({ length: 30 }, (_, n) => `${n}`.repeat(400))),
      file: damaged,
    });
    const bytes = readFileSync(damaged);
    writeFileSync(damaged, bytes.fill(0xff, bytes.length - 8_192));
    expect((await check(damaged)).problems.length).toBeGreaterThan(0);
    await expect(restore({ file: damaged, directory })).rejects.toThrow(/damaged/);
    await expect(restore({ file: fileIn(directory), directory })).rejects.toThrow(/is the store itself/);
    const left = readdirSync(directory).filter((name) => name.startsWith("understudy.db"));
    expect(left).toEqual(expect.not.arrayContaining([expect.stringMatching(/restoring|before/)]));
    expect(await keysOf(open(directory))).toEqual(["kept"]);
  });

  it("takes a backup of version 1", async () => {
    const file = newFile();
    make(
      file,
      `CREATE TABLE records (collection TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
         PRIMARY KEY (collection, key));
       CREATE TABLE operations (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);
       INSERT INTO records VALUES ('meta', x'0061', 1, '"old"'); PRAGMA user_version = 1`,
    );
    const before = readFileSync(file);
    expect(await check(file)).toMatchObject({ schemaVersion: 1, problems: [], records: { meta: 1 }, graves: 0 });
    const directory = newDirectory();
    expect(await restore({ file, directory })).toEqual({ kept: undefined });
    expect((await open(directory).get("meta", "a", context))?.value).toBe("old");
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it("can be run again where it was interrupted, and no empty store is made before", async () => {
    const directory = await storeWith("old");
    const file = newFile();
    await backup({ directory: await storeWith("from the backup"), file });
    // As a process leaves it that dies between its last two steps.
    await restore({ file, directory });
    renameSync(fileIn(directory), `${fileIn(directory)}.restoring`);
    await expect(open(directory).open()).rejects.toThrow(/understudy\.db is not there, but .*\.restoring is/);
    await expect(restore({ file: newFile(), directory })).rejects.toThrow(/is not there/);
    await expect(open(directory).open()).rejects.toThrow(/\.restoring is/);
    await restore({ file, directory });
    expect(await keysOf(open(directory))).toEqual(["from the backup"]);
  });
});

it("looks through a store that is in use", async () => {
  const directory = newDirectory();
  const store = open(directory);
  await store.commit({ id: "1", writes: [put("a", 1), put("b", 1), remove("b")] }, context);
  await store.commit({ id: "2", writes: [{ kind: "put", collection: "turns", key: "a", value: 1 }] }, context);
  const report = await check(fileIn(directory));
  expect(report).toMatchObject({ schemaVersion: 2, problems: [], records: { meta: 1, turns: 1 }, graves: 1 });
  expect(report.bytes).toBeGreaterThan(4_096);
  expect(report.logBytes).toBeGreaterThan(4_096);
  await store.commit(single("c", 1), context);
  await store.close();
  await expect(check(join(directory, "nothing.db"))).rejects.toThrow(/nothing\.db is not there/);
});

function make(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}
