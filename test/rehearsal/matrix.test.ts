import { describe, expect, it } from "vitest";
import { layerNames } from "../../src/fallbacks/core/status.ts";
import { allSets, runMatrix } from "../../src/rehearsal/matrix.ts";
import { startRehearsal } from "../../src/rehearsal/server.ts";

const options = { start: startRehearsal, now: () => performance.now(), deadlineMs: 5_000 };

describe("the matrix (fault 76)", () => {
  it("has every set of layers once", () => {
    const sets = allSets().map((set) => set.join(" "));
    expect(new Set(sets).size).toBe(2 ** layerNames.length);
    expect(sets[0]).toBe("");
  });

  it("answers all ten turns in each of the 256 cells, with true receipts and nothing lost", async () => {
    const cells = await runMatrix(options);
    expect(cells).toHaveLength(256);
    expect(cells.filter((cell) => cell.problems.length > 0)).toEqual([]);
    expect(cells.every((cell) => cell.replies.length === 10)).toBe(true);
  }, 300_000);

  it("finds a server that hides an outage, one that makes one up, and one whose answers change", async () => {
    const hiding = await runMatrix({
      ...options,
      sets: [["llm"]],
      start: async () => ({ ...(await startRehearsal()), refuse: () => {} }),
    });
    expect(hiding[0]?.problems.join("\n")).toContain("llm was refused and used, but is not in the receipt");

    const inventing = await runMatrix({
      ...options,
      sets: [["store"]],
      start: async () => {
        const server = await startRehearsal();
        return { ...server, refuse: () => server.refuse(["llm", "store"]) };
      },
    });
    expect(inventing[0]?.problems.join("\n")).toContain("llm is in the receipt, but was not refused");

    const changing = await runMatrix({
      ...options,
      sets: [[], ["graph"]],
      start: async () => {
        const server = await startRehearsal();
        return {
          ...server,
          refuse: (layers) => server.refuse(layers.includes("graph") ? [...layers, "business"] : layers),
        };
      },
    });
    expect(changing[1]?.problems.join("\n")).toContain("business is in the receipt, but was not refused");
  }, 60_000);

  it("tells the same dates on both sides of midnight", async () => {
    const [first, second] = await runMatrix({ ...options, sets: [[], ["tracing"]] });
    const dated = (reply: string) => /\d{4}-\d{2}-\d{2}/.test(reply);
    expect(first?.replies.filter(dated)).toHaveLength(2);
    expect(second?.replies.filter(dated)).toEqual(first?.replies.filter(dated));
    const server = await startRehearsal();
    const health = await (await fetch(`${server.url}/health`)).text();
    await server.close();
    expect(health).toMatch(/"\d{4}-\d{2}-\d{2}T12:00:/);
  });

  it("finds a server that does not answer", async () => {
    const [cell] = await runMatrix({
      ...options,
      sets: [[]],
      start: async () => {
        const server = await startRehearsal();
        await server.close();
        return { ...server, close: async () => {} };
      },
    });
    expect(cell?.problems).toHaveLength(1);
  });
});
