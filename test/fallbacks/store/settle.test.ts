import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = { kind: "put", collection: "documents", key: "k", value: 1 } as const;

function contextOf(clock: ManualClock, deadlineMs = 2_000) {
  return createContext({ clock, requestId: "test", deadlineMs });
}

/** A process that was killed with something left in its outbox, and begins again. */
async function restarted(clock: ManualClock, remote: ReturnType<typeof createScriptedStore>) {
  const local = createMemoryStore();
  const before = createTestAccess({ clock, remote, local }).access;
  await before.commit({ id: "one", writes: [put] }, contextOf(clock));
  remote.script = "refuse";
  await before.commit({ id: "two", writes: [{ ...put, value: 2 }] }, contextOf(clock));
  await before.close();
  return createTestAccess({ clock, remote, local }).access;
}

describe("a process that begins again", () => {
  it("reads what others have written meanwhile as soon as its own is with the shared store, and waits for no timer", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const access = await restarted(clock, remote);
    remote.script = "up";
    await remote.inside.commit({ id: "other", writes: [{ ...put, key: "theirs" }] }, contextOf(clock));
    await access.settle(contextOf(clock));
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    expect(await access.get("documents", "theirs", contextOf(clock))).toMatchObject({
      value: { value: 1 },
      by: "scripted",
    });
    expect(await access.get("documents", "k", contextOf(clock))).toMatchObject({ value: { value: 2 } });
  });

  it("goes on at once when the shared store is away", async () => {
    const clock = createManualClock();
    const access = await restarted(clock, createScriptedStore());
    await access.settle(contextOf(clock));
    expect(await access.get("documents", "k", contextOf(clock))).toMatchObject({ value: { value: 2 }, by: "memory" });
  });

  it("goes on at its deadline when the shared store says nothing", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const access = await restarted(clock, remote);
    remote.script = "hang";
    let settled = false;
    const settling = access.settle(contextOf(clock, 50)).then(() => {
      settled = true;
    });
    await clock.advance(49);
    expect(settled).toBe(false);
    await clock.advance(1);
    await settling;
    expect(await access.get("documents", "k", contextOf(clock))).toMatchObject({ by: "memory" });
  });
});
