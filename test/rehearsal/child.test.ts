import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { startChild } from "../../src/rehearsal/kill/child.ts";

it("has one listener for the end of this process, however many processes there are, and none when they are gone", async () => {
  const before = process.listenerCount("exit");
  const start = () => startChild({ command: "sleep", args: ["600"], cwd: tmpdir() });
  const children = await Promise.all(Array.from({ length: 12 }, start));
  expect(process.listenerCount("exit")).toBe(before + 1);
  await Promise.all(children.map((child) => child.kill()));
  expect(children.every((child) => child.isGone)).toBe(true);
  expect(process.listenerCount("exit")).toBe(before);
});
