import { describe, expect, it } from "vitest";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { ann, contextOf, createTalker, problemOf } from "./rig.ts";

describe("sessions while the shared store is away", () => {
  it("are unknown, not absent, where another process keeps them; and found again afterwards", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const here = createTalker(createTestAccess({ clock, remote }).access, clock);
    const elsewhere = createTalker(createTestAccess({ clock, remote }).access, clock);
    const theirs = await elsewhere.say("t1");
    const own = await here.say("t2");
    const looking = (sessionId: string) =>
      problemOf(here.conversations.turns(ann, sessionId, { limit: 10 }, contextOf(clock)));

    remote.script = "refuse";
    expect(await looking(theirs)).toBe("store_unavailable");
    expect(await problemOf(here.begin("t3", theirs))).toBe("store_unavailable");
    expect(await problemOf(here.conversations.remove(ann, theirs, contextOf(clock)))).toBe("store_unavailable");
    expect(await looking(own)).toBe("none");

    remote.script = "up";
    await clock.advance(20_000);
    expect(await looking(theirs)).toBe("none");
    expect(await looking("ses_of_nobody")).toBe("session_not_found");
  });
});
