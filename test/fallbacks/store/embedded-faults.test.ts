import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { context, single } from "./embedded-operations.ts";
import { child, createThreadPool, killAfter, newDirectories, whyNot } from "./embedded-rig.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();
const open = (directory: string) => createEmbeddedStore({ directory, startThread });

describeWithSmallDisks("fault 52: the disk is full", (mount) => {
  it("refuses writes before it acknowledges them, goes on reading, and writes again when there is room", async () => {
    const disk = mount();
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, Buffer.alloc(500_000));
    const directory = join(disk, "data");
    const store = open(directory);
    const saved: string[] = [];
    const fill = async () => {
      for (;;) {
        const key = String(saved.length).padStart(6, "0");
        await store.commit(single(key, key.repeat(3_000)), context);
        saved.push(key);
      }
    };
    const keys = async () => (await store.list({ collection: "meta", limit: 1000 }, context)).map(({ key }) => key);
    await expect(fill()).rejects.toMatchObject({ errorClass: "server", message: expect.stringContaining("full") });
    expect(saved.length).toBeGreaterThan(5);
    const together = [single("x", "x".repeat(900_000)), single("y", 1)];
    await expect(store.commitAll(together, context)).rejects.toMatchObject({ errorClass: "server" });
    expect(await keys()).toEqual(saved);
    rmSync(ballast);
    await store.commit(single("room", 1), context);
    await expect(fill()).rejects.toMatchObject({ errorClass: "server" });
    expect(await keys()).toEqual([...saved, "room"]);
    expect(saved.length).toBeGreaterThan(20);
    await store.close().catch(() => undefined);
    const again = open(directory);
    const found = await again.list({ collection: "meta", limit: 1000 }, context);
    expect(found.map(({ key }) => key)).toEqual([...saved, "room"]);
    expect(found.every(({ key, value }) => value === 1 || value === key.repeat(3_000))).toBe(true);
    await again.close().catch(() => undefined);
  });

  it("says so when there is no room for a store at all, and makes one when there is", async () => {
    const disk = mount();
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, Buffer.alloc(1_044_480 - 8_192));
    const store = open(join(disk, "data"));
    await expect(store.open()).rejects.toThrow(/cannot open .*understudy\.db: .*full/);
    rmSync(ballast);
    await store.commit(single("a", 1), context);
    expect((await store.get("meta", "a", context))?.value).toBe(1);
    await store.close();
  });
});

describeWithStrace("fault 53: a sync fails", () => {
  // Counted for each thread by itself, so a new one meets the fault again: the third is that of the head of a new log, so no
  // group ever gets through; the later ones are those of single groups, and of what makes sure of the log after the one before.
  for (const failing of [3, 6, 9]) {
    it(`acknowledges nothing of its group, and believes no log that it did not begin (number ${failing} of each thread)`, async () => {
      const directory = newDirectory();
      const store = open(directory);
      await store.open();
      await store.close();
      const log = `${directory}.strace`;
      const calls = "fsync,fdatasync";
      const { stdout } = spawnSync(
        "strace",
        // biome-ignore format: a command line
        ["-f", "-y", "-o", log, "-e", `trace=${calls},ftruncate`, "-e", `inject=${calls}:error=EIO:when=${failing}`,
          process.execPath, child, directory, "insist", `${8 * (failing - 2)}`],
        { encoding: "utf8", timeout: 60_000 },
      );
      const lines = stdout.split("\n");
      const saved = lines.filter((line) => line.startsWith("saved ")).map((line) => line.slice(6));
      const refused = lines.filter((line) => line.startsWith("refused "));
      expect(saved).toHaveLength(failing > 3 ? 8 * (failing - 2) : 0);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.filter((line) => !line.includes(" server "))).toEqual([]);
      if (failing > 3) expectNoLogBelieved(readFileSync(log, "utf8"));
      const again = open(directory);
      const found = await again.list({ collection: "meta", limit: 1000 }, context);
      expect(found.map(({ key }) => key)).toEqual(expect.arrayContaining(saved));
      expect(found.every(({ version }) => version === 1)).toBe(true);
      await again.close();
    });
  }

  it("acknowledges nothing of its group, and writes the log anew that a reader keeps from being cut", async () => {
    const directory = newDirectory();
    const store = open(directory);
    await store.commit(single("before", 1), context);
    const reader = readingFrom(directory);
    await store.commit(single("behind it", 1), context);
    const log = `${directory}.strace`;
    const calls = "fsync,fdatasync";
    const { stdout } = spawnSync(
      "strace",
      // biome-ignore format: a command line
      ["-f", "-y", "-o", log, "-e", `trace=${calls},pwrite64`, "-e", `inject=${calls}:error=EIO:when=6`,
        process.execPath, child, directory, "insist", "32"],
      { encoding: "utf8", timeout: 60_000 },
    );
    const saved = stdout.split("\n").flatMap((line) => (line.startsWith("saved ") ? [line.slice(6)] : []));
    expect(saved).toHaveLength(32);
    expectLogWrittenAnew(readFileSync(log, "utf8"));
    reader.close();
    await store.close();
    const again = open(directory);
    const found = await again.list({ collection: "meta", limit: 1000 }, context);
    expect(found.map(({ key }) => key)).toEqual(expect.arrayContaining(["before", "behind it", ...saved]));
    await again.close();
  });
});

describe("a store that somebody reads for long, as a backup does", () => {
  it("is written to by a server that starts meanwhile, and closed, and the reader sees one moment", async () => {
    const directory = newDirectory();
    const first = open(directory);
    await first.commit(single("a", 1), context);
    const reader = readingFrom(directory);
    await first.commit(single("b", 1), context);
    await first.close();
    const second = open(directory);
    await second.commit(single("c", 1), context);
    expect(reader.count()).toBe(1);
    await second.close();
    reader.close();
    const third = open(directory);
    const found = await third.list({ collection: "meta", limit: 1000 }, context);
    expect(found.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    await third.commit(single("d", 1), context);
    await third.close();
    expect(statSync(join(directory, "understudy.db-wal"), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });
});

/** Another connection that looks at one moment of the store until it is closed. */
function readingFrom(directory: string): { count(): number; close(): void } {
  const database = new Database(join(directory, "understudy.db"));
  database.exec("BEGIN");
  const statement = database.prepare("SELECT count(*) AS count FROM records");
  const count = () => (statement.get([]) as { readonly count: number }).count;
  count();
  return {
    count,
    close() {
      database.exec("COMMIT");
      database.close();
    },
  };
}

/** Between a sync of the log that failed and the next one that is believed, the log has been written from its first byte on. */
function expectLogWrittenAnew(trace: string): void {
  const calls = trace.split("\n").flatMap((line) => {
    const [, name = "", words = "", result = ""] =
      /(\w+)\(\d+<[^>]*understudy\.db-wal>(.*)\) *= (-?\d+)/.exec(line) ?? [];
    return name === "" ? [] : [{ writes: name === "pwrite64", atStart: words.endsWith(" 0"), good: result !== "-1" }];
  });
  let failures = 0;
  let syncs = 0;
  let state: "believed" | "doubted" | "anew" = "believed";
  for (const { writes, atStart, good } of calls) {
    if (writes) {
      if (atStart && state === "doubted") state = "anew";
    } else if (!good) {
      failures += 1;
      state = "doubted";
      syncs = 0;
    } else if (state === "anew") {
      state = "believed";
    } else if (state === "doubted") {
      // What can be moved is synced before. A second one would be that of a group.
      syncs += 1;
      expect(syncs).toBe(1);
    }
  }
  expect(failures).toBeGreaterThan(0);
  expect(state).toBe("believed");
}

/**
 * Between a sync of the log that failed and the next one of it that is believed, the log has been cut to nothing, which SQLite
 * does when what it held is in the main file and synced, and the cut has been synced too.
 */
function expectNoLogBelieved(trace: string): void {
  const calls = trace.split("\n").flatMap((line) => {
    const [, name = "", result = ""] = /(\w+)\(\d+<[^>]*understudy\.db-wal>.*= (-?\d+)/.exec(line) ?? [];
    return name === "" ? [] : [{ cuts: name === "ftruncate", good: result === "0" }];
  });
  let failures = 0;
  let syncs = 0;
  let state: "believed" | "doubted" | "cut" = "believed";
  for (const { cuts, good } of calls) {
    if (cuts) {
      if (good && state === "doubted") state = "cut";
    } else if (!good) {
      failures += 1;
      state = "doubted";
      syncs = 0;
    } else if (state === "cut") {
      state = "believed";
    } else if (state === "doubted") {
      // What is moved is synced before. A second one would be that of a group.
      syncs += 1;
      expect(syncs).toBe(1);
    }
  }
  expect(failures).toBeGreaterThan(0);
  expect(state).toBe("believed");
}

describe("a file that was damaged", () => {
  const tails: readonly (readonly [string, (log: string) => void])[] = [
    ["flipped", (log) => overwrite(log, statSync(log).size - 2_000, Buffer.alloc(16, 0xa5))],
    ["cut", (log) => truncateSync(log, statSync(log).size - 100)],
    ["gone on with garbage", (log) => overwrite(log, statSync(log).size, Buffer.alloc(10_000, 0x5a))],
  ];
  for (const [how, damage] of tails) {
    it(`has all of earlier syncs when the end of the log is ${how} after a kill`, async () => {
      const directory = newDirectory();
      const acknowledged = await killAfter(20, directory, "write");
      damage(join(directory, "understudy.db-wal"));
      const store = open(directory);
      const kept = (await store.list({ collection: "meta", limit: 1000 }, context)).map(({ key }) => key);
      const first = acknowledged.slice(0, -1);
      expect(kept.slice(0, first.length)).toEqual(first);
      await store.commit(single("after", 1), context);
      await store.close();
      const again = open(directory);
      expect(await again.list({ collection: "meta", limit: 1000 }, context)).toHaveLength(kept.length + 1);
      await again.close();
    });
  }

  /** A closed store with 3 000 records. */
  async function filled(): Promise<{ readonly directory: string; readonly file: string }> {
    const directory = newDirectory();
    const store = open(directory);
    const operations = Array.from({ length: 3_000 }, (_, index) => single(`key ${index}`, "x".repeat(100)));
    await store.commitAll(operations, context);
    await store.close();
    return { directory, file: join(directory, "understudy.db") };
  }

  it("says what to do when its header is damaged", async () => {
    const { directory, file } = await filled();
    overwrite(file, 0, Buffer.alloc(64, 0xff));
    const store = open(directory);
    await expect(store.open()).rejects.toThrow(/cannot open .*understudy\.db: .*damaged: stop .* restore a backup/);
    await expect(store.commit(single("a", 1), context)).rejects.toMatchObject({ errorClass: "server" });
    await store.close();
  });

  it("says what to do when pages in it are damaged", async () => {
    const { directory, file } = await filled();
    for (let page = 3; page * 4096 < statSync(file).size; page += 1)
      overwrite(file, page * 4096, Buffer.alloc(64, 0xff));
    const store = open(directory);
    const listed = store.list({ collection: "meta", limit: 1000 }, context);
    await expect(listed).rejects.toThrow(/cannot read .*understudy\.db: .*damaged: stop .* restore a backup/);
    const written = store.commit(single("key 1", 2), context);
    await expect(written).rejects.toThrow(/cannot save to .*understudy\.db: .*damaged: stop .* restore a backup/);
    await store.close().catch(() => undefined);
  });

  it("says what to do when a value in it is damaged", async () => {
    const directory = newDirectory();
    const store = open(directory);
    await store.commit(single("a", "only once here"), context);
    await store.close();
    const file = join(directory, "understudy.db");
    overwrite(file, readFileSync(file).indexOf('"only once here"'), Buffer.from("}"));
    await expect(open(directory).get("meta", "a", context)).rejects.toThrow(/damaged: stop .* restore a backup/);
  });

  it("says so, and lives, when a text in it is not UTF-8", async () => {
    const directory = newDirectory();
    const store = open(directory);
    await store.commitAll(
      [single("short", "only once here"), single("long", `only here, too ${"长".repeat(5_000)}`)],
      context,
    );
    await store.close();
    const file = join(directory, "understudy.db");
    for (const text of ["only once", "only here"])
      overwrite(file, readFileSync(file).lastIndexOf(text), Buffer.from([0xff]));
    for (const key of ["short", "long"]) {
      await expect(open(directory).get("meta", key, context)).rejects.toThrow(/not UTF-8; .* restore a backup/);
    }
    const listed = open(directory).list({ collection: "meta", limit: 10 }, context);
    await expect(listed).rejects.toThrow(/not UTF-8; .* restore a backup/);
  });

  it("says so, and lives, when the id of an operation in it is not UTF-8", async () => {
    const directory = newDirectory();
    const store = open(directory);
    await store.commit({ ...single("a", 1), id: "an id that is only here" }, context);
    await store.close();
    const file = join(directory, "understudy.db");
    overwrite(file, readFileSync(file).lastIndexOf("an id that is only here"), Buffer.from([0xff]));
    const again = open(directory);
    await expect(again.commit(single("b", 1), context)).rejects.toThrow(/not UTF-8; .* restore a backup/);
    await again.close().catch(() => undefined);
  });

  it("does not take what is left of a store for a new one", async () => {
    const { directory, file } = await filled();
    const whole = readFileSync(file);
    truncateSync(file, 0);
    await expect(open(directory).open()).rejects.toThrow(/understudy\.db is empty: restore a backup, or move it away/);
    truncateSync(file, whole.length / 2);
    await expect(open(directory).open()).rejects.toMatchObject({ errorClass: "server" });
    writeFileSync(file, whole.subarray(0, 40_960));
    await expect(open(directory).list({ collection: "meta", limit: 9 }, context)).rejects.toThrow(/restore a backup/);
    rmSync(file);
    writeFileSync(`${file}-wal`, "what was acknowledged last");
    await expect(open(directory).open()).rejects.toThrow(
      /understudy\.db is not there, but .*-wal is: restore a backup/,
    );
    expect(readFileSync(`${file}-wal`, "utf8")).toBe("what was acknowledged last");
  });
});

function overwrite(file: string, at: number, bytes: Buffer): void {
  const opened = openSync(file, "r+");
  writeSync(opened, bytes, 0, bytes.length, at);
  closeSync(opened);
}

/**
 * A suite that mounts file systems of 1 MB, each gone with its test; where that is not allowed, which nothing that is installed
 * would change, it is skipped and says so.
 */
function describeWithSmallDisks(name: string, suite: (mount: () => string) => void): void {
  const root = mkdtempSync(join(tmpdir(), "understudy-disk-"));
  const mounted: string[] = [];
  const tryTo = (disk: string) => whyNot("mount", ["-t", "tmpfs", "-o", "size=1m", "understudy-test", disk]);
  const unmount = () => {
    // Lazy: a connection keeps its files open until it is collected as garbage.
    for (const disk of mounted.splice(0)) spawnSync("umount", ["--lazy", disk]);
  };
  const reason = tryTo(root);
  if (reason === undefined) mounted.push(root);
  unmount();
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  if (reason !== undefined) {
    skip(name, `a small file system cannot be mounted here: ${reason}`);
    return;
  }
  describe(name, () => {
    afterEach(unmount);
    suite(() => {
      const disk = mkdtempSync(join(root, "disk-"));
      expect(tryTo(disk)).toBeUndefined();
      mounted.push(disk);
      return disk;
    });
  });
}

/** A suite that makes system calls fail; where strace is missing or may not trace, it is skipped and says so. */
function describeWithStrace(name: string, suite: () => void): void {
  const reason = whyNot("strace", ["-f", "-e", "trace=none", "true"]);
  if (reason === undefined) describe(name, suite);
  else skip(name, `strace cannot be used here: ${reason}`);
}

function skip(name: string, reason: string): void {
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, () => it("is skipped", () => {}));
}
