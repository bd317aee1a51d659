import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: string, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

/** An access with one operation, "2", that was acknowledged here and that the shared store has refused. */
async function rig() {
  const clock = createManualClock();
  const remote = createScriptedStore();
  const { access, local } = createTestAccess({ clock, remote });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  await access.commit({ id: "1", writes: [put("a", "first")] }, context());
  remote.script = "refuse";
  await access.commit({ id: "2", writes: [put("a", "ours", 1)] }, context());
  await remote.inside.commit({ id: "other", writes: [put("a", "theirs")] }, context());
  remote.script = "up";
  await clock.advance(30_000);
  const { deadLetters } = access;
  if (!deadLetters) throw new Error("a remote store has dead letters");
  return { access, clock, context, deadLetters, local, remote };
}

describe("dead letters", () => {
  it("are listed with what was refused and why, and an unreadable one with what it is", async () => {
    const { context, deadLetters, local } = await rig();
    await local.commit({ id: "broken", writes: [put("dead/9", "what?")] }, context());
    const letters = await deadLetters.listDead(10, context());
    expect(letters).toMatchObject([
      { reason: "conflict at a", operation: { id: "2", writes: [put("a", "ours", 1)] } },
      { key: "dead/9", at: null, reason: "unreadable", operation: undefined, raw: "what?" },
    ]);
    expect(Date.parse(letters[0]?.at ?? "")).not.toBeNaN();
    expect(await deadLetters.listDead(1, context())).toHaveLength(1);
    await expect(deadLetters.listDead(0, context())).rejects.toThrow("limit must be a whole number from 1 to 1000");
  });

  it("are sent again, once, when what they compared with is there, and then nobody asks for a person", async () => {
    const { access, clock, context, deadLetters, remote } = await rig();
    const [letter] = await deadLetters.listDead(10, context());
    const key = letter?.key ?? "";
    expect(access.status().action).toContain("1 operations");
    expect(await deadLetters.retryDead(key, context())).toEqual({ status: "conflict", key: "a" });
    expect(await deadLetters.listDead(10, context())).toHaveLength(1);
    const mended = { kind: "put", collection: "meta", key: "a", value: "first", version: 1 } as const;
    await remote.inside.commit({ id: "mended", writes: [mended] }, context());
    expect(await deadLetters.retryDead(key, context())).toEqual({ status: "applied" });
    expect((await remote.inside.get("meta", "a", context()))?.value).toBe("ours");
    expect(await deadLetters.listDead(10, context())).toEqual([]);
    expect(access.status().action).toBe("none");
    await expect(deadLetters.retryDead(key, context())).rejects.toThrow(/key: "dead\/.*" is the key of no dead letter/);
    await clock.advance(1_000);
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
  });

  it("count as dropped once, however many drop one at the same time", async () => {
    const { access, clock, context, deadLetters, remote } = await rig();
    remote.script = "refuse";
    await access.commit({ id: "3", writes: [put("b", "ours", 0)] }, context());
    await remote.inside.commit({ id: "other b", writes: [put("b", "theirs", 0)] }, context());
    remote.script = "up";
    await clock.advance(30_000);
    const [letter] = await deadLetters.listDead(10, context());
    const key = letter?.key ?? "";
    const dropped = await Promise.all([deadLetters.dropDead(key, context()), deadLetters.dropDead(key, context())]);
    expect(dropped.sort()).toEqual([false, true]);
    expect(access.status().action).toContain("1 operations");
  });

  it("are dropped, and nothing else is", async () => {
    const { access, context, deadLetters, local } = await rig();
    const [letter] = await deadLetters.listDead(10, context());
    expect(await deadLetters.dropDead("a", context())).toBe(false);
    expect((await local.get("meta", "a", context()))?.value).toBe("theirs");
    expect(await deadLetters.dropDead(letter?.key ?? "", context())).toBe(true);
    expect(await deadLetters.dropDead(letter?.key ?? "", context())).toBe(false);
    expect(access.status().action).toBe("none");
    await local.commit({ id: "broken", writes: [put("dead/9", "what?")] }, context());
    await expect(deadLetters.retryDead("dead/9", context())).rejects.toThrow("holds no operation that can be read");
  });
});
