import { beforeEach, describe, expect, it } from "vitest";
import { createLostRace } from "../../src/fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { runKey } from "../../src/jobs/job-records.ts";
import { createJobRequests } from "../../src/jobs/job-requests.ts";
import { createJobRows, type JobRows } from "../../src/jobs/job-rows.ts";
import { overtaken } from "../contracts/overtaken.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";

const JOB = "job_1";
const KIND = "count";
const MARK = { holder: "here", token: "t1" };
/** Of four races that were lost, where every wait is the shortest: none after the first. */
const WAITED = 5 + 10 + 20;

describe("whoever loses a race for the rows of a job waits a little longer each time", () => {
  let clock: ManualClock;
  let access: StoreAccess;
  const context = () => testContext({ clock });
  const newId = createIds();
  const lostRace = () => createLostRace({ clock, random: () => 0 });
  const rowsOver = (store: StoreAccess) => createJobRows(store, { clock, lostRace: lostRace(), newId });

  beforeEach(() => {
    ({ clock, access } = createTestAccess());
  });

  async function waited(work: Promise<unknown>) {
    const start = clock.now();
    return { outcome: await whileTimePasses(clock, work, 1), ms: clock.now() - start };
  }

  it.each<readonly [string, (rows: JobRows) => Promise<unknown>]>([
    ["renews its lease", (rows) => rows.renew(JOB, KIND, MARK, context())],
    ["says how far it is", (rows) => rows.progress(JOB, KIND, MARK, 1, context())],
    ["ends", (rows) => rows.end(JOB, KIND, MARK, { state: "done", result: 1, forgetPayload: false }, context())],
  ])("while it %s", async (_, change) => {
    const rows = rowsOver(access);
    const [record, writes] = rows.birth(JOB, { kind: KIND, payload: null });
    await rows.commit(writes, context());
    await rows.begin(JOB, { record, version: 1 }, MARK, undefined, context());
    const row = { collection: "jobs", key: runKey(JOB, KIND, MARK.token) } as const;
    const slower = rowsOver(overtaken(access, row, 4));
    expect(await waited(change(slower))).toEqual({ outcome: "saved", ms: WAITED });
  });

  it("while it adds one whose id is taken and free again by turns", async () => {
    let races = 4;
    const losing: StoreAccess = {
      ...access,
      async commit(operation, before) {
        races -= 1;
        const committed = await access.commit(races < 0 ? operation : { id: operation.id, writes: [] }, before);
        return races < 0 ? committed : { ...committed, value: { status: "conflict", key: `job/${JOB}` } };
      },
    };
    const { add } = createJobRequests({
      store: losing,
      rows: rowsOver(losing),
      lostRace: lostRace(),
      newId,
      onAdded() {},
      onEnding() {},
    });
    const added = await waited(add({ kind: KIND, payload: null, jobId: JOB }, context()));
    expect(added).toMatchObject({ outcome: { jobId: JOB, state: "waiting" }, ms: WAITED });
  });
});
