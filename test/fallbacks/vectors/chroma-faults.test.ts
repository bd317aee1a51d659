import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { VectorRecord, Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../../support/chroma-server.ts";

const LIMIT_MS = 20_000;

describeWithChroma("Chroma vectors when the server fails", () => {
  let dir: string;
  let server: ChromaServer;
  const ports: Vectors[] = [];
  const context = () => createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000 });
  const open = (timeoutMs = LIMIT_MS) => {
    const port = createChromaVectors({ url: server.url, clock: systemClock, timeoutMs });
    ports.push(port);
    return port;
  };
  const records = (count: number, dimension = 16): readonly VectorRecord[] =>
    Array.from({ length: count }, (_, row) => ({
      id: `id-${row}`,
      vector: Float32Array.from({ length: dimension }, (_, column) => Math.sin((row + 1) * (column + 1.3))),
    }));
  const idsOf = (many: readonly VectorRecord[]) => many.map(({ id }) => id).sort();
  const restart = async () => {
    server = await startChroma({ dir, port: server.port });
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "understudy-chroma-"));
    server = await startChroma({ dir });
  });
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close?.();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });

  it("fault 35: a refusal is a network error at once, and the next call after the restart works", async () => {
    const port = open();
    const [record] = records(1) as [VectorRecord];
    await port.upsert("s", [record], context());
    await server.kill();
    await expect(port.query("s", record.vector, 1, context())).rejects.toMatchObject({ errorClass: "network" });
    await expect(port.probe?.(context())).rejects.toMatchObject({ errorClass: "network" });
    await restart();
    await port.probe?.(context());
    expect((await port.query("s", record.vector, 1, context()))[0]?.id).toBe(record.id);
  });

  it("fault 35: a hang ends at the port's own limit, and the next call works when it is over", async () => {
    const port = open(500);
    const [record] = records(1) as [VectorRecord];
    await open().upsert("s", [record], context());
    await port.probe?.(context());
    server.freeze();
    await expect(port.query("s", record.vector, 1, context())).rejects.toMatchObject({ errorClass: "timeout" });
    await expect(port.upsert("s", [record], context())).rejects.toMatchObject({ errorClass: "timeout" });
    await expect(port.probe?.(context())).rejects.toMatchObject({ errorClass: "timeout" });
    server.thaw();
    await vi.waitFor(async () => expect(await port.query("s", record.vector, 1, context())).toHaveLength(1));
  });

  it("fault 36: killed in the middle of an upsert, the same call again leaves each record once", async () => {
    const port = open();
    const many = records(2_000, 256);
    const writing = port.upsert("s", many, context()).then(
      () => "done",
      (error: unknown) => error,
    );
    const watcher = open();
    await vi.waitFor(async () => expect(await watcher.count("s", context())).toBeGreaterThan(0), {
      timeout: LIMIT_MS,
      interval: 5,
    });
    await server.kill();
    expect(await writing).toMatchObject({ errorClass: "network" });
    await restart();
    const kept = await port.count("s", context());
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(many.length);
    await port.upsert("s", many, context());
    expect(await port.count("s", context())).toBe(many.length);
    expect(await port.ids("s", { limit: many.length + 1 }, context())).toEqual(idsOf(many));
  });

  it("fault 37: wiped and restarted, the same port finds nothing, and stores anew in the same call", async () => {
    const port = open();
    const many = records(20);
    const [first] = many as [VectorRecord];
    await port.upsert("s", many, context());
    const wipe = async () => {
      await server.kill();
      await rm(join(dir, "data"), { recursive: true });
      await restart();
    };
    await wipe();
    expect(await port.query("s", first.vector, 3, context())).toEqual([]);
    await port.upsert("s", many, context());
    await wipe();
    await port.remove("s", [first.id], context());
    await port.upsert("s", many, context());
    await wipe();
    await port.upsert("s", many, context());
    expect(await port.ids("s", { limit: 100 }, context())).toEqual(idsOf(many));
    await wipe();
    await open().upsert("s", many, context());
    expect((await port.query("s", first.vector, 1, context()))[0]?.id).toBe(first.id);
    await wipe();
    await port.probe?.(context());
    expect([await port.get("s", [first.id], context()), await port.ids("s", { limit: 1 }, context())]).toEqual([
      [],
      [],
    ]);
  });

  it("fault 37: what a lost index cannot find is not listed, and storing it again puts it back", async () => {
    const port = open();
    // The server writes its index down every thousand records, and keeps the rest in its log.
    const many = records(2_500);
    const [first] = many as [VectorRecord];
    await port.upsert("s", many, context());
    await server.kill();
    const data = join(dir, "data");
    for (const name of await readdir(data)) {
      if ((await stat(join(data, name))).isDirectory()) await rm(join(data, name), { recursive: true });
    }
    await restart();
    expect(await port.count("s", context())).toBe(many.length);
    const listed = new Set(await port.ids("s", { limit: many.length }, context()));
    expect(listed.size).toBeLessThan(many.length);
    await expect(port.query("s", first.vector, 1_000, context())).rejects.toMatchObject({ errorClass: "bad_response" });
    await port.upsert(
      "s",
      many.filter(({ id }) => !listed.has(id)),
      context(),
    );
    expect(await port.ids("s", { limit: many.length }, context())).toEqual(idsOf(many));
    expect((await port.query("s", first.vector, 1, context()))[0]?.id).toBe(first.id);
  });

  it("makes one collection when two ports store into a new space at the same time", async () => {
    const many = records(30);
    await Promise.all(many.map((record) => open().upsert("s", [record], context())));
    expect(await open().ids("s", { limit: 100 }, context())).toEqual(idsOf(many));
  });

  it("lists by age, as the listing of ids relies on", async () => {
    const port = open();
    const many = records(30);
    await port.upsert("s", many, context());
    const [second, third] = many.slice(1) as [VectorRecord, VectorRecord];
    await port.upsert("s", [{ id: second.id, vector: third.vector }], context());
    await port.remove("s", [third.id], context());
    await port.upsert("s", [third], context());
    const base = `${server.url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
    const [{ id }] = (await (await fetch(base)).json()) as [{ id: string }];
    const answer = await fetch(`${base}/${id}/get`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ offset: 1, limit: 100, include: [] }),
    });
    const expected = [...many.slice(1).filter((record) => record !== third), third].map((record) => record.id);
    expect(await answer.json()).toMatchObject({ ids: expected });
  });
});
