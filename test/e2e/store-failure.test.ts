import { describe, expect, it } from "vitest";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createFaults } from "../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../src/fallbacks/core/layer.ts";
import { createStoreAccess } from "../../src/fallbacks/store/create-access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Store } from "../../src/fallbacks/store/port.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { countingIds } from "../support/test-app.ts";

/** The only port of its layer, on a disk that a test fills and empties. */
function rig() {
  const clock = createManualClock();
  const memory = createMemoryStore();
  let full = false;
  const disk: Store = {
    ...memory,
    name: "embedded",
    commit: (operation, context) =>
      full ? Promise.reject(new LayerError("server", "disk full")) : memory.commit(operation, context),
  };
  const layer = createLayer<Store>({
    name: "store",
    slots: [{ port: disk, mode: "equal" }],
    configured: false,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "Nothing can be saved.", action: "Look at the disk." },
  });
  const access = createStoreAccess({ layer, local: disk, clock, newId: countingIds() });
  return {
    clock,
    access,
    conversations: createConversations(access, { clock, newId: countingIds() }),
    fill: (now: boolean) => {
      full = now;
    },
  };
}

const request = { owner: { keyId: "k", user: "u" }, turnId: "t", message: "hello", recent: 0 };

describe("fault 52: a full disk", () => {
  it("is down for writes although reads succeed, and comes back without traffic", async () => {
    const { clock, access, fill } = rig();
    fill(true);
    const write = { id: "1", writes: [{ kind: "put", collection: "meta", key: "k", value: 1 } as const] };
    await expect(access.commit(write, testContext({ clock }))).rejects.toMatchObject({ errorClass: "server" });
    await access.get("meta", "k", testContext({ clock }));
    expect(access.status()).toMatchObject({ state: "down", lastError: { text: "disk full" } });
    await clock.advance(5_000);
    expect(access.status().state).toBe("down");
    fill(false);
    await clock.advance(1_000);
    expect(access.status().state).toBe("ok");
    await access.close();
    expect(clock.pending).toBe(0);
  });

  it("a turn whose outcome could not be saved may run again under its id", async () => {
    const { clock, conversations, fill } = rig();
    const begun = await conversations.begin(request, testContext({ clock }));
    if (!("open" in begun)) throw new Error("known already");
    fill(true);
    const outcome = { status: "done" as const, reply: "x", memory: null };
    await expect(conversations.finish(begun.open, outcome, testContext({ clock }))).rejects.toThrow("disk full");
    fill(false);
    expect(await conversations.begin(request, testContext({ clock }))).toMatchObject({ open: { turn: { seq: 1 } } });
  });
});
