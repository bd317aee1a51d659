import { describe, expect, it } from "vitest";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { atFirst, readProgress } from "../../src/ingestion/ingest-records.ts";
import type { IngestState } from "../../src/ingestion/ingestion.ts";
import { createProgressSaver } from "../../src/ingestion/progress-saver.ts";

const AT = "2026-01-15T10:00:00.000Z";

/** A saver whose writes end when they are told to. */
function rig() {
  const written: (IngestState | undefined)[] = [];
  const announced: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const state = { lost: false };
  const saver = createProgressSaver({
    isLost: () => state.lost,
    first: atFirst(AT),
    now: () => AT,
    write: (progress: Json) => {
      written.push(readProgress(progress)?.state);
      return new Promise((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      });
    },
    announce: ({ state, saves }) => announced.push(`${state} ${saves}`),
  });
  /** What is to be saved soon is written. */
  const begin = () => new Promise(setImmediate);
  const end = async (error?: Error) => {
    ends.shift()?.(error);
    await new Promise(setImmediate);
  };
  return { saver, state, written, announced, begin, end };
}

describe("saving how a job gets on", () => {
  it("saves the last of the states that came meanwhile, and tells of all of them when that is saved", async () => {
    const { saver, written, announced, begin, end } = rig();
    saver.soon({ state: "parsed" });
    await begin();
    for (const state of ["embedded", "indexed"] as const) saver.soon({ state });
    expect([written, announced, saver.current.saves]).toEqual([["parsed"], [], 3]);
    await end();
    expect([written, announced]).toEqual([["parsed", "indexed"], ["parsed 1"]]);
    let settled = false;
    const last = saver.save({ state: "live" }).then(() => {
      settled = true;
    });
    await end();
    expect([announced, settled]).toEqual([["parsed 1", "embedded 2", "indexed 3"], false]);
    await end();
    await last;
    expect([written, announced.at(-1)]).toEqual([["parsed", "indexed", "live"], "live 4"]);
  });

  it("saves the last of the states that come in one turn of the event loop, and at once what is waited for", async () => {
    const { saver, written, announced, begin, end } = rig();
    for (const state of ["parsed", "embedded"] as const) saver.soon({ state });
    expect(written).toEqual([]);
    await begin();
    await end();
    expect([written, announced]).toEqual([["embedded"], ["parsed 1", "embedded 2"]]);
    const last = saver.save({ state: "live" });
    await Promise.resolve();
    expect(written).toEqual(["embedded", "live"]);
    await end();
    await last;
  });

  it("stops the work at its next state once the job is lost, and saves nothing more", async () => {
    const { saver, state, written, announced, begin, end } = rig();
    saver.soon({ state: "parsed" });
    await begin();
    const last = saver.save({ state: "live" });
    const refused = expect(last).rejects.toThrow("the lease is lost");
    state.lost = true;
    await end(new Error("the lease is lost"));
    await refused;
    expect(() => saver.soon({ state: "indexed" })).toThrow("the lease is lost");
    await expect(saver.save({ state: "failed" })).rejects.toThrow("the lease is lost");
    expect([written, announced]).toEqual([["parsed"], []]);
  });

  it("fault 36: saves a state with the next one when the store was away for a moment, and the work goes on", async () => {
    const { saver, written, announced, begin, end } = rig();
    saver.soon({ state: "parsed" });
    await begin();
    await end(new Error("the store is away"));
    expect([written, announced]).toEqual([["parsed"], []]);
    saver.soon({ state: "embedded" });
    await begin();
    saver.soon({ state: "indexed" });
    await end(new Error("the store is away"));
    expect(written).toEqual(["parsed", "embedded", "indexed"]);
    await end();
    expect(announced).toEqual(["parsed 1", "embedded 2", "indexed 3"]);
    const last = saver.save({ state: "live" });
    await end();
    await last;
    expect([written.at(-1), announced.at(-1)]).toEqual(["live", "live 4"]);
  });

  it("fault 36: tries a state that is waited for once more, and fails when that fails too", async () => {
    const { saver, written, announced, end } = rig();
    const first = saver.save({ state: "parsed" });
    await end(new Error("the store is away"));
    expect(written).toEqual(["parsed", "parsed"]);
    await end();
    await first;
    expect(announced).toEqual(["parsed 1"]);
    const last = saver.save({ state: "live" });
    const refused = expect(last).rejects.toThrow("the store is away still");
    await end(new Error("the store is away"));
    await end(new Error("the store is away still"));
    await refused;
    expect(written).toEqual(["parsed", "parsed", "live", "live"]);
    expect(announced).toEqual(["parsed 1"]);
  });

  it("is settled when nothing is being saved, whatever became of it", async () => {
    const { saver, end } = rig();
    await saver.settled();
    saver.soon({ state: "parsed" });
    let settled = false;
    const waiting = saver.settled().then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    await end(new Error("the store is away"));
    await waiting;
    expect(settled).toBe(true);
  });
});
