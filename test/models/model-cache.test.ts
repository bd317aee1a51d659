import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createModelCache } from "../../src/models/model-cache.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "understudy-cache-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function put(...path: string[]): Promise<void> {
  const file = join(directory, ...path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, "content");
}

const cache = () => createModelCache(directory, "owner/model", "main");

it("is empty without a folder, and with nothing but unfinished files", async () => {
  expect(await cache().hasFiles()).toBe(false);
  await cache().sweep();
  await cache().clear(0);
  await put("main", "owner", "model", `config.json.tmp.${process.pid}.-k3j`);
  expect(await cache().hasFiles()).toBe(false);
  await put("main", "owner", "model", "onnx", "model.onnx");
  expect(await cache().hasFiles()).toBe(true);
});

it("clears its own model in its own revision, and nothing else", async () => {
  await put("main", "owner", "model", "onnx", "model.onnx");
  await put("main", "owner", "other", "config.json");
  await put("refs%2Fpr%2F1", "owner", "model", "config.json");
  await cache().clear(0);
  expect(await cache().hasFiles()).toBe(false);
  expect(await createModelCache(directory, "owner/other", "main").hasFiles()).toBe(true);
  expect(await createModelCache(directory, "owner/model", "refs/pr/1").hasFiles()).toBe(true);
});

it("sweeps what this process and dead ones left unfinished, not what a living one is writing", async () => {
  const dead = spawnSync(process.execPath, ["--version"]).pid;
  const folder = ["main", "owner", "model"];
  await put(...folder, "config.json");
  await put(...folder, `a.onnx.tmp.${process.pid}.k3j`);
  await put(...folder, `b.onnx.tmp.${dead}.-x1`);
  await put(...folder, `c.onnx.tmp.${process.ppid}.x1`);
  await cache().sweep();
  expect((await readdir(join(directory, ...folder))).sort()).toEqual([
    "c.onnx.tmp." + process.ppid + ".x1",
    "config.json",
  ]);
});
