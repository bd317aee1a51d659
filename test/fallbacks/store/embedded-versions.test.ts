import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { expect, it } from "vitest";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { keyToBytes } from "../../../src/fallbacks/store/key-order.ts";
import { context, put, remove } from "./embedded-operations.ts";
import { createThreadPool, newDirectories } from "./embedded-rig.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();

/** A file as version 1 of the schema left it: two records, and the ids of 1 200 operations and some strange ones. */
function versionOne(): { readonly directory: string; readonly file: string } {
  const directory = newDirectory();
  mkdirSync(directory);
  const file = join(directory, "understudy.db");
  const database = new Database(file);
  database.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE records (
      collection TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (collection, key));
    CREATE TABLE operations (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);
    PRAGMA user_version = 1; BEGIN`);
  const record = database.prepare("INSERT INTO records (collection, key, version, value) VALUES (?, ?, ?, ?)");
  record.run(["meta", keyToBytes("a"), 3, '{"old":true}']);
  record.run(["turns", keyToBytes("\ud83d中"), 1, '"\\ud83d"']);
  const operation = database.prepare("INSERT INTO operations (id) VALUES (?)");
  for (const id of ["\ud83d", "中\u0000", ...Array.from({ length: 1_200 }, (_, index) => `id ${index}`)]) {
    operation.run([keyToBytes(id)]);
  }
  database.exec("COMMIT");
  database.close();
  return { directory, file };
}

it("brings a file of version 1 up to date, with its records and the ids of its operations", async () => {
  const { directory, file } = versionOne();
  for (let round = 0; round < 2; round += 1) {
    const store = createEmbeddedStore({ directory, startThread });
    expect(await store.get("meta", "a", context)).toEqual({ key: "a", value: { old: true }, version: 3 });
    expect((await store.get("turns", "\ud83d中", context))?.value).toBe("\ud83d");
    for (const id of ["\ud83d", "中\u0000", "id 0", "id 1199"]) {
      expect(await store.commit({ id, writes: [put("a", "done twice")] }, context)).toEqual({ status: "applied" });
    }
    expect((await store.get("meta", "a", context))?.version).toBe(3);
    await store.close();
  }
  const store = createEmbeddedStore({ directory, startThread });
  await store.commit({ id: "new", writes: [remove("a")] }, context);
  expect(await store.graves({ collection: "meta", limit: 5 }, context)).toMatchObject([{ key: "a", version: 4 }]);
  await store.close();
  const database = new Database(file);
  expect(database.pragma("user_version")).toEqual([{ user_version: 2 }]);
  expect(database.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
  database.close();
});

it("leaves a file of version 1 as it is when it cannot be brought up to date", async () => {
  const { directory, file } = versionOne();
  const before = new Database(file);
  before.exec("CREATE TABLE graves (somebody_elses)");
  before.close();
  const store = createEmbeddedStore({ directory, startThread });
  await expect(store.open()).rejects.toThrow(/cannot open .*understudy\.db: .*graves/);
  const database = new Database(file);
  expect(database.pragma("user_version")).toEqual([{ user_version: 1 }]);
  expect(database.prepare("SELECT count(*) AS ids FROM operations").get([])).toMatchObject({ ids: 1_202 });
  database.close();
});
