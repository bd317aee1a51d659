import { beforeEach, describe, expect, it } from "vitest";
import type { Conversations } from "../../src/conversations/conversations.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { Jobs } from "../../src/jobs/jobs.ts";
import { runRetention } from "../../src/privacy/retention.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createTown, createWorker, type Town, type Worker } from "../jobs/jobs-rig.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { createPrivacyRig, type PrivacyRig } from "./privacy-rig.ts";

const DAY = 86_400_000;
/** A look is enough now and then. */
const settings = { pollMs: 600_000 };
const ann = { keyId: "key-1", user: "ann" };

describe("retention", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  let town: Town;
  let rig: PrivacyRig;
  let reports: { readonly fields: object; readonly message: string }[];

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
    town = createTown();
    rig = createPrivacyRig(access, clock, { settings });
    reports = [];
  });

  function start(change: { readonly conversations?: Pick<Conversations, "removeOlder"> } = {}): Worker {
    const worker = createWorker({ store: access, clock, town, settings });
    runRetention({
      conversations: change.conversations ?? rig.conversations,
      jobs: worker.jobs,
      store: access,
      clock,
      newId: createIds(),
      days: 30,
      report: (fields, message) => void reports.push({ fields, message }),
      atOnce: 3,
    });
    return worker;
  }

  /** Time passes while no server runs, or nobody looks. */
  const setForward = (ms: number) => clock.setWall(new Date(clock.wall().getTime() + ms));
  const titles = async () =>
    (await rig.conversations.list(ann, { limit: 100 }, rig.context())).items.map(({ title }) => title);
  const results = async (jobs: Jobs) =>
    (await jobs.list({ kind: "retention", limit: 100 }, rig.context())).items.map(({ state, result }) => [
      state,
      result,
    ]);

  async function oldAndNew(old: number): Promise<string> {
    let touched = "";
    for (let session = 0; session < old; session += 1)
      touched = await rig.say(ann, `old ${session}`, { support: true });
    setForward(31 * DAY);
    await rig.say(ann, "still used", { sessionId: touched });
    await rig.say(ann, "new");
    return touched;
  }

  it("deletes what nobody touched for so long, in steps, once a day in one process; tickets stay", async () => {
    await oldAndNew(8);
    const [{ jobs }] = [start(), start()];
    await clock.advance(900_000);
    expect(await titles()).toHaveLength(9);
    await clock.advance(DAY);
    expect(await titles()).toEqual(["new", "old 7"]);
    expect(await results(jobs)).toEqual([
      ["done", { sessions: 7, turns: 7 }],
      ["done", { sessions: 0, turns: 0 }],
    ]);
    expect(await rig.tickets.list('["key-1","ann"]', 100, rig.context())).toHaveLength(8);
    expect(reports.map(({ message }) => message)).toEqual([
      "retention: nothing is deleted today, as there was no run in the last three days",
      "retention: sessions that nobody touched any more were deleted",
    ]);
    expect(reports[1]?.fields).toMatchObject({ days: 30, sessions: 7, turns: 7 });
  });

  it("fault 31: deletes nothing because a clock was set forward, or back", async () => {
    await rig.say(ann, "kept");
    start();
    await clock.advance(3 * DAY);
    setForward(365 * DAY);
    await clock.advance(DAY / 2);
    expect(await titles()).toEqual(["kept"]);
    setForward(-365 * DAY);
    await clock.advance(3 * DAY);
    expect(await titles()).toEqual(["kept"]);
  });

  it("goes on where it was when it fails or its process dies, and does not take that for a gap", async () => {
    await oldAndNew(12);
    const begun: (string | undefined)[] = [];
    let failures = 0;
    const failing = {
      removeOlder: (...args: Parameters<Conversations["removeOlder"]>) => {
        const [, { after }] = args;
        begun.push(after);
        if (after !== undefined && (failures += 1) === 1) throw new LayerError("network", "away for a moment");
        return rig.conversations.removeOlder(...args);
      },
    };
    const { jobs } = start({ conversations: failing });
    await clock.advance(DAY + 900_000);
    expect(await titles()).toEqual(["new", "old 11"]);
    expect((await results(jobs))[0]).toEqual(["done", { sessions: 11, turns: 11 }]);
    expect(begun.filter((after) => after === undefined)).toHaveLength(1);
    expect(begun[1]).toBe(begun[2]);
  });
});
