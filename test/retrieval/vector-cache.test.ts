import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VectorCache } from "../../src/retrieval/vector-cache.ts";
import { createVectorCache } from "../../src/retrieval/vector-cache-files.ts";

const DIMENSION = 8;
const key = (name: string | number) => Buffer.from(`${name}`.padEnd(16, ".")).toString("base64url");
const vectorOf = (seed: number) => Float32Array.from({ length: DIMENSION }, (_, at) => Math.sin(seed * 31 + at));
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => ({ key: key(from + at), vector: vectorOf(from + at) }));
const keysOf = (from: number, to: number) => records(from, to).map((record) => record.key);
const vectorsOf = (from: number, to: number) => records(from, to).map((record) => record.vector);

describe("the cache of vectors", () => {
  let directory: string;
  let reports: unknown[];
  const open: VectorCache[] = [];

  const cacheIn = (where: string | undefined = directory) => {
    const cache = createVectorCache({ directory: where, report: (error) => void reports.push(error) });
    open.push(cache);
    return cache;
  };
  const files = async () => (await readdir(directory)).sort();
  const theFile = async () => join(directory, (await files())[0] ?? "");

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "understudy-vectors-"));
    reports = [];
  });
  afterEach(async () => {
    for (const cache of open.splice(0)) await cache.close();
    await rm(directory, { recursive: true });
  });

  it("gives back what was put, at once and after a restart, and undefined for all else", async () => {
    const cache = cacheIn(join(directory, "made", "when needed"));
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    expect(await files()).toEqual([]);
    cache.put("s", records(0, 5));
    const asked = [key(3), key("none"), key(0), key(3)];
    const expected = [vectorOf(3), undefined, vectorOf(0), vectorOf(3)];
    expect(await cache.get("s", asked)).toEqual(expected);
    await cache.close();
    expect(await cache.get("s", asked)).toEqual(asked.map(() => undefined));
    const next = cacheIn(join(directory, "made", "when needed"));
    expect(await next.get("s", asked)).toEqual(expected);
    next.put("s", records(5, 9));
    expect(await next.get("s", keysOf(0, 9))).toEqual(vectorsOf(0, 9));
    expect(reports).toEqual([]);
  });

  it("keeps spaces apart, also those of another dimension, and takes any string as a key", async () => {
    const odd = ["", "a", "x".repeat(5_000), "\ud800", `${key(1).slice(0, 21)}B`, key(1)];
    const cache = cacheIn();
    cache.put(
      "one",
      odd.map((each, at) => ({ key: each, vector: vectorOf(at) })),
    );
    cache.put("two", [{ key: "a", vector: Float32Array.of(1, 2, 3) }]);
    await cache.close();
    const next = cacheIn();
    expect(await next.get("one", odd)).toEqual(odd.map((_, at) => vectorOf(at)));
    expect(await next.get("two", ["a", ""])).toEqual([Float32Array.of(1, 2, 3), undefined]);
    expect(await files()).toHaveLength(2);
  });

  it("writes what it has once", async () => {
    const cache = cacheIn();
    cache.put("s", [...records(0, 3), ...records(0, 3)]);
    cache.put("s", records(0, 3));
    expect(await cache.get("s", keysOf(0, 3))).toEqual(vectorsOf(0, 3));
    cache.put("s", records(0, 3));
    await cache.close();
    expect((await stat(await theFile())).size).toBe(64 + 3 * (16 + 4 * DIMENSION + 4));
  });

  it("does not wait for a pipe in the place of its file, and leaves it alone", async () => {
    const before = cacheIn();
    before.put("s", records(0, 3));
    await before.close();
    const file = await theFile();
    await rm(file);
    execFileSync("mkfifo", [file]);
    const cache = cacheIn();
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    cache.put("s", records(0, 3));
    await cache.close();
    expect(String(reports)).toContain("is a pipe and not a file");
    expect((await stat(file)).isFIFO()).toBe(true);
  });

  it("keeps nothing without a directory", async () => {
    const cache = createVectorCache({ report: (error) => void reports.push(error) });
    cache.put("s", records(0, 3));
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    await cache.keepOnly(new Set(), new Set());
    await cache.close();
  });

  it("keeps only what it is told to: files of other spaces go, and a file that is mostly dead is written anew", async () => {
    await writeFile(join(directory, "notes.txt"), "not ours");
    const before = cacheIn();
    before.put("other", records(0, 3));
    await before.close();
    const cache = cacheIn();
    cache.put("s", records(0, 100));
    cache.put("third", records(0, 2));
    await cache.keepOnly(new Set(["s"]), new Set(keysOf(0, 60)));
    const [path, notes] = (await files()).map((name) => join(directory, name));
    const whole = (await stat(path ?? "")).size;
    expect([await files(), notes]).toEqual([[expect.stringMatching(/^[0-9a-f]{32}\.vectors$/), "notes.txt"], notes]);
    expect(await cache.get("s", keysOf(59, 61))).toEqual([vectorOf(59), undefined]);
    await cache.keepOnly(new Set(["s"]), new Set([...keysOf(10, 40), "never there"]));
    expect((await stat(path ?? "")).size).toBe(64 + ((whole - 64) / 100) * 30);
    cache.put("s", records(200, 210));
    expect(await cache.get("s", keysOf(0, 210))).toEqual(
      vectorsOf(0, 210).map((vector, at) => ((at >= 10 && at < 40) || at >= 200 ? vector : undefined)),
    );
    await cache.close();
    const next = cacheIn();
    expect(await next.get("s", keysOf(30, 41))).toEqual([...vectorsOf(30, 40), undefined]);
    expect(reports).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))("stops writing when the disk is full, says so once, and goes on", async () => {
    const probe = cacheIn();
    probe.put("s", records(0, 1));
    await probe.close();
    const path = await theFile();
    await rm(path);
    // The system's own full disk: whatever is written to it fails.
    await symlink("/dev/full", path);
    const cache = cacheIn();
    for (let time = 0; time < 3; time += 1) {
      cache.put("s", records(0, 10));
      expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    }
    await rm(path);
    cache.put("s", records(0, 10));
    await cache.close();
    expect(await files()).toEqual([]);
    expect(reports).toEqual([expect.objectContaining({ code: "ENOSPC" })]);
  });

  it("says once that a file cannot be read, and has nothing then", async () => {
    const probe = cacheIn();
    probe.put("s", records(0, 1));
    await probe.close();
    const path = await theFile();
    await rm(path);
    await mkdir(path);
    const cache = cacheIn();
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    expect(reports).toHaveLength(1);
  });

  it("refuses a vector of another dimension, and keeps the others of its batch", async () => {
    const cache = cacheIn();
    cache.put("s", [...records(0, 2), { key: key("odd"), vector: Float32Array.of(1) }, ...records(2, 3)]);
    expect(await cache.get("s", [...keysOf(0, 3), key("odd")])).toEqual([...vectorsOf(0, 3), undefined]);
    expect(reports).toHaveLength(1);
  });

  it("takes nothing from a file of another space, whatever its name is", async () => {
    const probe = cacheIn();
    probe.put("one", records(0, 1));
    await probe.close();
    const one = await theFile();
    const more = cacheIn();
    more.put("two", [{ key: key(0), vector: vectorOf(7) }]);
    await more.close();
    const two = (await files()).map((name) => join(directory, name)).find((path) => path !== one) ?? "";
    await copyFile(one, two);
    expect(await cacheIn().get("two", [key(0)])).toEqual([undefined]);
  });

  it("starts again with a file that is of another kind", async () => {
    const probe = cacheIn();
    probe.put("s", records(0, 1));
    await probe.close();
    await writeFile(await theFile(), randomBytes(5_000));
    const cache = cacheIn();
    expect(await cache.get("s", [key(0)])).toEqual([undefined]);
    cache.put("s", records(0, 2));
    expect(await cache.get("s", keysOf(0, 2))).toEqual(vectorsOf(0, 2));
    await cache.close();
    expect(await cacheIn().get("s", keysOf(0, 2))).toEqual(vectorsOf(0, 2));
  });

  it("never gives a wrong vector, whatever becomes of its file, and is whole again when all was put again", async () => {
    const probe = cacheIn();
    probe.put("s", records(0, 12));
    await probe.close();
    const path = await theFile();
    const good = await readFile(path);
    const at = fc.nat(good.length - 1);
    const harm = fc.oneof(
      fc.record({ kind: fc.constant("cut" as const), at }),
      fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
      fc.record({ kind: fc.constant("zeros" as const), at, length: fc.nat(200) }),
      fc.record({ kind: fc.constant("more" as const), bytes: fc.uint8Array({ maxLength: 150 }) }),
    );
    const history = fc.asyncProperty(fc.array(harm, { minLength: 1, maxLength: 4 }), async (harms) => {
      let bytes = Buffer.from(good);
      for (const each of harms) {
        if (each.kind === "cut") bytes = bytes.subarray(0, each.at);
        else if (each.kind === "more") bytes = Buffer.concat([bytes, each.bytes]);
        else if (each.kind === "zeros") bytes.subarray(each.at, each.at + each.length).fill(0);
        else if (each.at < bytes.length) bytes[each.at] = (bytes[each.at] ?? 0) ^ (1 << each.bit);
      }
      await writeFile(path, bytes);
      const cache = cacheIn();
      for (const [index, vector] of (await cache.get("s", keysOf(0, 12))).entries()) {
        expect([undefined, vectorOf(index)]).toContainEqual(vector);
      }
      cache.put("s", records(0, 12));
      expect(await cache.get("s", keysOf(0, 12))).toEqual(vectorsOf(0, 12));
      await cache.close();
      const next = cacheIn();
      expect(await next.get("s", keysOf(0, 12))).toEqual(vectorsOf(0, 12));
      await next.close();
    });
    await fc.assert(history, { numRuns: 60 });
    expect(reports).toEqual([]);
  });
});
