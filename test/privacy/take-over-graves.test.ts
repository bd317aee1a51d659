import { describe, expect, it } from "vitest";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { collections, type Store } from "../../src/fallbacks/store/port.ts";
import { forgetGravesDaily } from "../../src/privacy/forget-graves.ts";
import { takeOverGraves } from "../../src/privacy/take-over-graves.ts";
import { createUnite } from "../../src/wiring/unite.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { ann, problemOf } from "../conversations/rig.ts";
import { createScriptedStore, type ScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createTown, found } from "../jobs/jobs-rig.ts";
import { testContext } from "../support/context.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createPrivacyRig } from "./privacy-rig.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const put = (key: string, value: string) => ({ kind: "put", collection: "turns", key, value }) as const;
const remove = (key: string) => ({ kind: "delete", collection: "turns", key }) as const;

/** One process on a machine of its own, with all that deletes in the background. */
function start({ clock, remote, local }: { clock: ManualClock; remote: Store; local?: Store }) {
  const own = createTestAccess({ clock, local: local ?? createMemoryStore({ clock }), remote, unite: createUnite() });
  const told: unknown[] = [];
  const deps = {
    clock,
    random: () => 0.5,
    info: (fields: object, message: string) => void told.push([fields, message]),
    report: (error: unknown, fields: object) => void told.push([error, fields]),
  };
  const taking = takeOverGraves({ ...deps, store: own.access, local: own.local, shared: remote, newId: createIds() });
  const stop = forgetGravesDaily({ ...deps, stores: [remote, own.local], takeOver: taking.run });
  const newId = createIds();
  return {
    ...own,
    told,
    save: (...writes: (ReturnType<typeof put> | ReturnType<typeof remove>)[]) =>
      own.access.commit({ id: newId(), writes }, testContext({ clock })),
    at: async (key: string) => (await own.local.look([{ collection: "turns", key }], testContext()))[0],
    async end() {
      taking.stop();
      stop();
      await own.access.close();
    },
  };
}

/** Two processes at one shared store, and a time that both see. */
function two() {
  const clock = createManualClock();
  const remote = createScriptedStore({ clock });
  return { clock, remote, one: start({ clock, remote }), other: start({ clock, remote }) };
}

async function textOf(store: Store): Promise<string> {
  const pages = collections.map((collection) => store.list({ collection, limit: 1_000 }, testContext()));
  return JSON.stringify(await Promise.all(pages));
}

const valueOf = async (access: StoreAccess, clock: ManualClock, key: string) =>
  (await access.get("turns", key, testContext({ clock }))).value?.value;

describe("what another process has deleted", () => {
  it("is deleted in the copy here within the hour, and not shown while the shared store is away", async () => {
    const { clock, remote, one, other } = two();
    await other.save(put("a", "words"), put("b", "kept"));
    await clock.advance(2 * MINUTE);
    await one.save(remove("a"));
    await clock.advance(HOUR);
    expect(await other.at("a")).toEqual({ version: 2, value: undefined });
    expect(other.told).toEqual([[{ store: "memory", records: 1 }, "deleted here what other processes have deleted"]]);
    remote.script = "refuse";
    expect(await valueOf(other.access, clock, "a")).toBeUndefined();
    expect(await valueOf(other.access, clock, "b")).toBe("kept");
    await Promise.all([one.end(), other.end()]);
    expect(clock.pending).toBe(0);
  });

  it("is everything of a user who was erased", async () => {
    const { clock, remote, one, other } = two();
    const town = createTown();
    const rig = createPrivacyRig(one.access, clock, { town });
    const sessionId = await rig.say(ann, "secret of ann", { support: true });
    rig.worker.kill();
    const erasing = createPrivacyRig(other.access, clock, { town });
    const { jobId } = await erasing.privacy.erase(ann, erasing.context());
    await clock.advance(20_000);
    expect((await found(erasing.worker.jobs, jobId, erasing.context())).state).toBe("done");
    await clock.advance(HOUR);
    expect(await textOf(one.local)).not.toContain("secret of ann");
    remote.script = "refuse";
    const turns = rig.conversations.turns(ann, sessionId, { limit: 10 }, rig.context());
    expect(await problemOf(turns)).toMatch(/not_found|store_unavailable/);
    erasing.worker.kill();
    await Promise.all([one.end(), other.end()]);
  });

  it("does not come back with a shared store that comes back empty, when nobody has a grave any more", async () => {
    const { clock, remote, one, other } = two();
    await other.save(put("a", "words"));
    await one.save(remove("a"));
    await clock.advance(32 * DAY);
    expect(await one.at("a")).toEqual({ version: 0, value: undefined });
    await Promise.all([one.end(), other.end()]);
    expect(await remote.graves({ collection: "turns", limit: 9 }, testContext())).toEqual([]);
    const empty = createScriptedStore({ clock });
    const again = start({ clock, remote: empty, local: other.local });
    await again.save(put("b", "new"));
    await clock.advance(MINUTE / 2);
    expect(again.access.status().state).toBe("ok");
    expect(await textOf(empty.inside)).not.toContain("words");
    await again.end();
  });

  it("is deleted here although its graves are forgotten, after a start when this process was off for a month", async () => {
    const { clock, remote, one, other } = two();
    await other.save(put("a", "words"), put("b", "kept"));
    await clock.advance(2 * MINUTE);
    await other.end();
    await one.save(remove("a"));
    await clock.advance(32 * DAY);
    const again = start({ clock, remote, local: other.local });
    await clock.advance(5 * MINUTE);
    expect(await again.at("a")).toEqual({ version: 2, value: undefined });
    expect(await again.at("b")).toEqual({ version: 1, value: "kept" });
    expect(again.told).toEqual([
      [{ store: "memory", records: 1 }, "deleted here what the shared store does not have any more"],
    ]);
    await Promise.all([one.end(), again.end()]);
  });

  it("is not touched where it was made anew, nor what waits for the shared store", async () => {
    const { clock, remote, one, other } = two();
    await other.save(put("a", "old"), put("b", "old"));
    await one.save(remove("a"), remove("b"));
    await other.save(put("a", "new"));
    remote.script = "refuse";
    await other.save(put("b", "waits"));
    await clock.advance(2 * HOUR);
    expect([(await other.at("a"))?.value, (await other.at("b"))?.value]).toEqual(["new", "waits"]);
    remote.script = "up";
    await clock.advance(2 * HOUR);
    expect([(await other.at("a"))?.value, (await other.at("b"))?.value]).toEqual(["new", "waits"]);
    await Promise.all([one.end(), other.end()]);
  });

  it("keeps its graves for as long as the shared store is away: they are what an old copy of it lacks", async () => {
    const { clock, remote, one, other } = two();
    await one.save(put("a", "words"), remove("a"));
    remote.script = "refuse";
    await clock.advance(40 * DAY);
    expect(await one.at("a")).toEqual({ version: 2, value: undefined });
    remote.script = "up";
    await clock.advance(3 * DAY);
    expect(await one.at("a")).toEqual({ version: 0, value: undefined });
    await Promise.all([one.end(), other.end()]);
  });
});

describe("a copy that was away for long", () => {
  /** A process that has saved something, and has been off for so long that no grave that it has not seen is left. */
  async function longOff() {
    const { clock, remote, one, other } = two();
    await other.save(put("a", "kept"), put("b", "kept"));
    await clock.advance(2 * MINUTE);
    await Promise.all([one.end(), other.end()]);
    await clock.advance(32 * DAY);
    return { clock, remote, local: other.local };
  }

  it("fills a shared store that was lost: what only it has may not be thrown away", async () => {
    const { clock, local } = await longOff();
    const empty: ScriptedStore = createScriptedStore({ clock });
    const again = start({ clock, remote: empty, local });
    await clock.advance(HOUR);
    expect((await again.at("a"))?.value).toBe("kept");
    expect(await textOf(empty.inside)).toContain("kept");
    await again.end();
  });

  it("keeps what the shared store has nothing at all of, and says so: that was lost, not deleted", async () => {
    const { clock, remote, local } = await longOff();
    // Behind the back of everybody, as an administrator would.
    const list = remote.list.bind(remote);
    const look = remote.look.bind(remote);
    remote.list = async (request, context) => (request.collection === "turns" ? [] : list(request, context));
    remote.look = async (places, context) =>
      (await look(places, context)).map((seen, index) =>
        places[index]?.collection === "turns" ? { version: 0, value: undefined } : seen,
      );
    const again = start({ clock, remote, local });
    await clock.advance(HOUR);
    expect((await again.at("a"))?.value).toBe("kept");
    expect(again.told).toEqual([
      [{ collection: "turns", records: 2 }, "kept what the shared store has nothing at all of"],
    ]);
    await again.end();
  });

  it("keeps what is on its way to the shared store at the first look", async () => {
    const { clock, remote, local } = await longOff();
    const look = remote.look.bind(remote);
    let looks = 0;
    remote.look = async (places, context) => {
      looks += 1;
      const seen = await look(places, context);
      return looks === 1 ? seen.map(() => ({ version: 0, value: undefined })) : seen;
    };
    const again = start({ clock, remote, local });
    await clock.advance(HOUR);
    expect(looks).toBeGreaterThan(1);
    expect((await again.at("a"))?.value).toBe("kept");
    expect(again.told).toEqual([]);
    await again.end();
  });
});
