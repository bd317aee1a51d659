import { expect, it } from "vitest";
import type { IngestJob } from "../../src/ingestion/ingestion.ts";
import { createJobWatch } from "../../src/ingestion/job-watch.ts";
import { createManualClock } from "../support/manual-clock.ts";

it("hears every state of a job that a process with a slow clock goes on with", async () => {
  const clock = createManualClock();
  const first: IngestJob = {
    jobId: "j",
    kind: "file",
    name: "a.md",
    state: "parsed",
    total: 3,
    done: 0,
    document: null,
    children: [],
    skipped: [],
    failure: null,
    createdAt: "2026-01-15T10:00:00.000Z",
    updatedAt: "2026-01-15T10:05:00.000Z",
    saves: 1,
  };
  let job = first;
  const watch = createJobWatch({
    clock,
    cluster: { publish() {}, subscribe: () => () => {}, onConnected: () => () => {} },
    report: () => {},
    read: async () => job,
  });
  const heard: string[] = [];
  watch.watch("j", ({ state }) => void heard.push(state));
  await clock.advance(1_000);
  for (const [saves, state] of (["parsed", "embedded", "indexed"] as const).entries()) {
    job = { ...first, state, saves: saves + 2, updatedAt: `2026-01-15T10:04:0${saves}.000Z` };
    await clock.advance(1_000);
  }
  expect(heard).toEqual(["parsed", "parsed", "embedded", "indexed"]);
});
