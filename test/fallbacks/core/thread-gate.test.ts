import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createThreadGate, gateInside } from "../../../src/fallbacks/core/thread-gate.ts";
import { compiledScript } from "../../support/compiled-tree.ts";

// As the file is loaded, before the time of its tests counts.
const script = await compiledScript("test/fallbacks/core/thread-gate-child.ts");

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
};

describe("a gate that a thread works behind", () => {
  it("lets in until it is shut, and never again", () => {
    const gate = createThreadGate();
    const inside = gateInside(gate.shared);
    expect(inside.enter()).toBe(true);
    inside.leave();
    expect(gate.shut(0)).toBe(true);
    expect(inside.enter()).toBe(false);
    expect(gate.shut(0)).toBe(true);
  });

  it("says when somebody has stayed inside for the whole time", () => {
    const gate = createThreadGate();
    const inside = gateInside(gate.shared);
    inside.enter();
    expect(gate.shut(5)).toBe(false);
    inside.leave();
    expect(gate.shut(0)).toBe(true);
  });

  it("process.exit waits for what is behind it, and nothing begins there any more", () => {
    expect(run("exit")).toEqual({ status: 1, stdout: "worked\n", stderr: "" });
  });

  it("so does whoever ends the thread", () => {
    expect(run("end")).toEqual({ status: 0, stdout: "worked\nended\n", stderr: "" });
  });
});
