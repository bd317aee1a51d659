import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { startWorkerThread } from "../../../src/fallbacks/core/worker-thread.ts";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { FromScanThread, Rows, Scanner, ToScanThread } from "../../../src/fallbacks/vectors/scan.ts";
import type { Arena } from "../../../src/fallbacks/vectors/scan-arena.ts";
import { scanInSlices } from "../../../src/fallbacks/vectors/scan-slices.ts";
import { type StartScanThread, startScanWorker } from "../../../src/fallbacks/vectors/scan-thread.ts";
import { createScanner } from "../../../src/fallbacks/vectors/scanner.ts";
import { testContext } from "../../support/context.ts";
import { settle } from "../../support/manual-clock.ts";

const context = testContext();
const vector = (...values: number[]) => Float32Array.from(values);
const ids = (hits: readonly { readonly id: string }[]) => hits.map(({ id }) => id);

/** A scanner whose passes end when they are told to: before that they have looked at the rows, or after it they do. */
function createGatedScanner() {
  const passes: { readonly queries: number; readonly end: () => void }[] = [];
  const forgotten: Arena[] = [];
  let looks: "first" | "last" = "first";
  const scanner: Scanner = {
    async scan(rows, queries) {
      const early = looks === "first" ? await scanInSlices(rows, queries) : undefined;
      const before = contents(rows);
      await new Promise<void>((end) => passes.push({ queries: queries.length, end }));
      // Else a thread may have read half of one vector and half of another.
      expect(contents(rows)).toEqual(before);
      return early ?? scanInSlices(rows, queries);
    },
    warm() {},
    touch() {},
    forget: (arenas) => void forgotten.push(...arenas),
    async close() {},
  };
  return {
    scanner,
    passes,
    forgotten,
    look(when: typeof looks) {
      looks = when;
    },
    /** Ends the pass under way, once there is one. */
    end: async () => {
      for (let turn = 0; turn < 100 && passes.length === 0; turn += 1) await settle();
      passes.shift()?.end();
      await settle();
    },
  };
}

/** The numbers of all rows. */
function contents({ list, count, plan }: Rows): readonly number[] {
  return list.flatMap((page) => [...page]).slice(0, count * plan.stride);
}

const large = { mostOnLoop: 0, plainPages: 0 };

describe.each(["first", "last"] as const)("rows that change while they are scanned (looked at %s)", (looks) => {
  function rig() {
    const gate = createGatedScanner();
    gate.look(looks);
    const port = createMemoryVectors({ ...large, scanner: gate.scanner });
    return { ...gate, port };
  }

  it("finds what came meanwhile, nothing that went, and what was replaced as it is now", async () => {
    const { port, end } = rig();
    const records = ["a", "b", "c", "d"].map((id, at) => ({ id, vector: vector(10, at) }));
    await port.upsert("s", records, context);
    const asked = port.query("s", vector(1, 0), 3, context);
    await settle();
    await port.remove("s", ["a"], context);
    await port.upsert("s", [{ id: "b", vector: vector(-1, 0) }], context);
    await port.upsert("s", [{ id: "new", vector: vector(100, 1) }], context);
    await port.upsert("s", [{ id: "gone", vector: vector(1, 0) }], context);
    await port.remove("s", ["gone"], context);
    await end();
    expect(ids(await asked)).toEqual(["new", "c", "d"]);
    const again = port.query("s", vector(1, 0), 10, context);
    await end();
    expect(ids(await again)).toEqual(["new", "c", "d", "b"]);
    expect(await port.count("s", context)).toBe(4);
  });

  it("looks again when so many of the best went that others may be among them", async () => {
    const { port, end } = rig();
    const near = Array.from({ length: 40 }, (_, at) => ({ id: `near${at}`, vector: vector(100, at) }));
    const far = Array.from({ length: 40 }, (_, at) => ({ id: `far${at}`, vector: vector(1, 100 + at) }));
    await port.upsert("s", [...far, ...near], context);
    const asked = port.query("s", vector(1, 0), 5, context);
    await settle();
    await port.remove("s", ids(near), context);
    await end();
    await end();
    expect(ids(await asked)).toEqual(["far0", "far1", "far2", "far3", "far4"]);
  });

  it("gives the memory back when everything goes, but not to who still reads it", async () => {
    const { port, end, forgotten } = rig();
    await port.upsert("s", [{ id: "a", vector: vector(1, 0) }], context);
    const asked = port.query("s", vector(1, 0), 3, context);
    await settle();
    await port.remove("s", ["a"], context);
    expect(forgotten).toEqual([]);
    await end();
    expect(await asked).toEqual([]);
    expect(forgotten).toHaveLength(1);
    await port.upsert("s", [{ id: "b", vector: vector(1, 0) }], context);
    const next = port.query("s", vector(1, 0), 3, context);
    await end();
    expect(ids(await next)).toEqual(["b"]);
  });

  it("equals a plain scan of what is there in the end, whatever happens on the way", async () => {
    const id = fc.integer({ min: 0, max: 30 }).map(String);
    const values = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -5, max: 5 }));
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), id, values }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), id }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("ask" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
    );
    const steps = fc.array(step, { maxLength: 60, size: "max" });
    const limits = fc.integer({ min: 1, max: 40 });
    const history = fc.asyncProperty(steps, limits, async (steps, limit) => {
      const { port, end, passes } = rig();
      const model = new Map<string, readonly [number, number]>();
      const asked: Promise<readonly { readonly id: string; readonly score: number }[]>[] = [];
      for (const each of steps) {
        if (each.kind === "put") {
          model.set(each.id, each.values);
          await port.upsert("s", [{ id: each.id, vector: vector(...each.values) }], context);
        } else if (each.kind === "remove") {
          model.delete(each.id);
          await port.remove("s", [each.id], context);
        } else if (each.kind === "ask") {
          asked.push(port.query("s", vector(1, 0), limit, context));
          await settle();
        } else if (passes.length > 0) await end();
      }
      const last = port.query("s", vector(1, 0), limit, context);
      const open = new Set([...asked, last]);
      for (const each of open) void each.then(() => open.delete(each));
      while (open.size > 0) await end();
      const expected = [...model]
        .map(([name, [x, y]]) => ({ id: name, score: x / Math.hypot(x, y) }))
        .sort((a, b) => (Math.abs(b.score - a.score) > 1e-6 ? b.score - a.score : a.id < b.id ? -1 : 1))
        .slice(0, limit);
      expect(ids(await last)).toEqual(ids(expected));
      expect(await port.count("s", context)).toBe(model.size);
      expect(await port.ids("s", { limit: 100 }, context)).toEqual([...model.keys()].sort());
    });
    await fc.assert(history, { numRuns: 40 });
  });
});

describe("questions to a large space", () => {
  it("share a pass when they come together, and wait for no one who left", async () => {
    const { scanner, passes, end } = createGatedScanner();
    const port = createMemoryVectors({ ...large, scanner });
    await port.upsert("s", [{ id: "a", vector: vector(1, 0) }], context);
    const leaving = new AbortController();
    const gone = port.query("s", vector(1, 0), 1, testContext({ signal: leaving.signal }));
    const others = Array.from({ length: 20 }, () => port.query("s", vector(1, 0), 1, context));
    await settle();
    expect(passes.map(({ queries }) => queries)).toEqual([16]);
    leaving.abort(new Error("left"));
    await expect(gone).rejects.toMatchObject({ errorClass: "aborted" });
    await end();
    expect(passes.map(({ queries }) => queries)).toEqual([5]);
    await end();
    for (const hits of await Promise.all(others)) expect(ids(hits)).toEqual(["a"]);
    const late = port.query("s", vector(1, 0), 1, testContext({ signal: leaving.signal }));
    await expect(late).rejects.toMatchObject({ errorClass: "aborted" });
  });

  it("are answered at once when it is no longer large, also while a pass still reads it and rows go", async () => {
    const { scanner, passes, end } = createGatedScanner();
    const port = createMemoryVectors({ plainPages: 0, mostOnLoop: 90 * 16, scanner });
    const records = Array.from({ length: 100 }, (_, at) => ({ id: `d${at}`, vector: vector(100, at) }));
    await port.upsert("s", records, context);
    const asked = port.query("s", vector(1, 0), 2, context);
    await settle();
    await port.remove("s", ids(records.slice(0, 40)), context);
    await end();
    // It looks again, as better ones may have been left out, and reads 60 rows.
    expect(passes).toHaveLength(1);
    await port.remove("s", ids(records.slice(40, 50)), context);
    expect(ids(await port.query("s", vector(1, 0), 3, context))).toEqual(["d50", "d51", "d52"]);
    await end();
    expect(ids(await asked)).toEqual(["d50", "d51"]);
  });

  it("fail with a scan that does, and the next ones do not", async () => {
    const { scanner } = createGatedScanner();
    let times = 0;
    const broken: Scanner = {
      ...scanner,
      scan(rows, queries) {
        times += 1;
        return times === 1 ? Promise.reject(new Error("broken")) : scanInSlices(rows, queries);
      },
    };
    const port = createMemoryVectors({ ...large, scanner: broken });
    await port.upsert("s", [{ id: "a", vector: vector(1, 0) }], context);
    await expect(port.query("s", vector(1, 0), 1, context)).rejects.toThrow("broken");
    expect(ids(await port.query("s", vector(1, 0), 1, context))).toEqual(["a"]);
  });
});

describe("the scanning thread", () => {
  const scanners: Scanner[] = [];
  afterEach(async () => {
    for (const scanner of scanners.splice(0)) await scanner.close();
  });

  /** Vectors of which "first" is the best. */
  async function rig(start?: StartScanThread, others = 3_000) {
    const reports: string[] = [];
    const scanner = createScanner({ report: (error) => reports.push(String(error)), start });
    scanners.push(scanner);
    const port = createMemoryVectors({ ...large, scanner });
    const records = Array.from({ length: others }, (_, at) => ({ id: `other${at}`, vector: vector(1, 2 + at, 3) }));
    await port.upsert("s", [...records, { id: "first", vector: vector(1, 0, 0) }], context);
    const ask = async () => ids(await port.query("s", vector(1, 0, 0), 2, context));
    return { reports, ask, port };
  }
  const dying: StartScanThread = () =>
    startWorkerThread<ToScanThread, FromScanThread>(new URL("./memory-dying-child.ts", import.meta.url));

  it("may be killed: the answer comes without it, and the next one from another", async () => {
    let started = 0;
    const { reports, ask } = await rig(() => (started++ === 0 ? dying() : startScanWorker()));
    expect(await ask()).toEqual(["first", "other0"]);
    expect(reports).toEqual(["Error: the scanning thread has ended: exit code 3"]);
    expect(await ask()).toEqual(["first", "other0"]);
    expect(await ask()).toEqual(["first", "other0"]);
    expect([started, reports.length]).toEqual([2, 1]);
  });

  it("is given up when three have died in a row", async () => {
    let started = 0;
    const { reports, ask } = await rig(() => {
      started += 1;
      return dying();
    }, 3);
    for (let time = 0; time < 5; time += 1) expect(await ask()).toEqual(["first", "other0"]);
    expect([started, reports.length]).toEqual([3, 3]);
  });

  it("has not died in a row when it has answered in between", async () => {
    let started = 0;
    // One that dies, one that answers once and then dies, and so on.
    const start: StartScanThread = () => {
      started += 1;
      let answers = started % 2 === 0 ? 1 : 0;
      let heard: (message: FromScanThread) => void = () => {};
      let ended: (reason: string) => void = () => {};
      return {
        post(message) {
          if (message.type !== "scan") return;
          const everything = Uint32Array.from({ length: message.count }, (_, row) => row);
          const found = message.queries.map(() => everything);
          if (answers-- > 0) heard({ pass: message.pass, found, reason: undefined });
          else queueMicrotask(() => ended("killed"));
        },
        listen(onMessage, onEnd) {
          heard = (message) => queueMicrotask(() => onMessage(message));
          ended = onEnd;
        },
        hold() {},
        async end() {},
      };
    };
    const { reports, ask } = await rig(start, 3);
    for (let time = 0; time < 10; time += 1) expect(await ask()).toEqual(["first", "other0"]);
    expect(started).toBeGreaterThan(5);
    expect(reports.every((report) => report.endsWith("killed"))).toBe(true);
  });

  it("that cannot be started is tried again after a thousand passes", async () => {
    let started = 0;
    const start = () => {
      started += 1;
      if (started === 1) throw new Error("no threads");
      return startScanWorker();
    };
    const { reports, ask } = await rig(start, 3);
    for (let time = 0; time < 999; time += 1) await ask();
    expect(await ask()).toEqual(["first", "other0"]);
    expect([started, reports]).toEqual([1, ["Error: no threads"]]);
    expect(await ask()).toEqual(["first", "other0"]);
    expect(await ask()).toEqual(["first", "other0"]);
    expect([started, reports.length]).toEqual([2, 1]);
  });

  it("is told of all memory that is there more before it is written, and takes nothing away that is", async () => {
    const touched: { readonly from: number; readonly to: number }[] = [];
    const { port, ask } = await rig(() => {
      const thread = startScanWorker();
      return {
        ...thread,
        post(message, transfer) {
          if (message.type === "touch") touched.push({ from: message.from, to: message.to });
          thread.post(message, transfer);
        },
      };
    });
    expect(await ask()).toEqual(["first", "other0"]);
    const plain = createMemoryVectors({ mostOnLoop: Number.POSITIVE_INFINITY });
    const records = Array.from({ length: 12_000 }, (_, at) => ({
      id: `d${at}`,
      vector: Float32Array.from({ length: 1_000 }, (_, place) => Math.sin(at * 41 + place * place)),
    }));
    for (const each of [port, plain]) await each.upsert("s2", records, context);
    const asked = records.slice(0, 20).map(({ vector: each }) => each);
    for (const each of asked)
      expect(await port.query("s2", each, 3, context)).toEqual(await plain.query("s2", each, 3, context));
    expect(touched.length).toBeGreaterThan(1);
    expect(touched.every(({ from, to }, at) => from < to && (at === 0 || from === touched[at - 1]?.to))).toBe(true);
  });

  it("leaves the answering to others once it is closed", async () => {
    const { reports, ask } = await rig();
    expect(await ask()).toEqual(["first", "other0"]);
    const asked = ask();
    await scanners[0]?.close();
    expect(await asked).toEqual(["first", "other0"]);
    expect(await ask()).toEqual(["first", "other0"]);
    expect(reports).toEqual([]);
  });

  it("answers exactly as the event loop does, whatever is in how many pieces of memory", async () => {
    const { port } = await rig();
    const many = createMemoryVectors({ ...large, arenaBytes: 200_000, scanner: scanners[0] as Scanner });
    const moved = createMemoryVectors({ ...large, plainPages: 5, scanner: scanners[0] as Scanner });
    const plain = createMemoryVectors();
    const records = Array.from({ length: 3_000 }, (_, at) => ({
      id: `d${at % 2_500}`,
      vector: Float32Array.from({ length: 40 }, (_, place) => Math.sin(at * 41 + place * place)),
    }));
    for (const each of [port, many, moved, plain]) {
      await each.upsert("many", records, context);
      await each.remove("many", ids(records.slice(100, 150)), context);
    }
    const questions = records.slice(0, 40);
    const answers = async (asked: typeof port) =>
      Promise.all(questions.map(({ vector: each }) => asked.query("many", each, 30, context)));
    const expected = await answers(plain);
    expect(await answers(port)).toEqual(expected);
    expect(await answers(many)).toEqual(expected);
    expect(await answers(moved)).toEqual(expected);
  });

  it("finds what is written while it scans, and never half of it", async () => {
    const { ask, port, reports } = await rig();
    const near = Array.from({ length: 200 }, (_, at) => ({ id: `near${at}`, vector: vector(100, 1, at) }));
    for (let round = 0; round < 2; round += 1) {
      const asked: Promise<readonly { readonly id: string; readonly score: number }[]>[] = [];
      for (const record of near) {
        await port.upsert("s", [record], context);
        asked.push(port.query("s", vector(1, 0, 0), 50, context));
      }
      await port.remove("s", ids(near), context);
      for (const hits of await Promise.all(asked)) {
        for (const { id, score } of hits) {
          const at = Number(id.replace(/\D+/, ""));
          const [x, y, z] = id === "first" ? [1, 0, 0] : id.startsWith("near") ? [100, 1, at] : [1, 2 + at, 3];
          expect(score).toBeCloseTo((x ?? 0) / Math.hypot(x ?? 0, y ?? 0, z ?? 0), 5);
        }
      }
    }
    expect(await ask()).toEqual(["first", "other0"]);
    expect(reports).toEqual([]);
  });
});
