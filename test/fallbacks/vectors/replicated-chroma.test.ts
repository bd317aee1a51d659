import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { type Clock, systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../../src/fallbacks/core/layer.ts";
import type { VectorAccess } from "../../../src/fallbacks/vectors/access.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import { createVectorAccess } from "../../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../../support/chroma-server.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { SPACE, vectorOf } from "./access-rig.ts";

const clock = systemClock;
const context = () => testContext({ clock, deadlineMs: 20_000 });
const many = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `doc_1.${String(from + at)}`);
const records = (ids: readonly string[]) => ids.map((id) => ({ id, vector: vectorOf(id) }));

function accessTo(url: string, layerClock: Clock = clock): { readonly access: VectorAccess; readonly remote: Vectors } {
  const remote = createChromaVectors({ url, clock });
  const local = createMemoryVectors();
  const layer = createLayer<Vectors>({
    name: "vectors",
    slots: [
      { port: remote, mode: "equal", timeoutMs: 1_000 },
      { port: local, mode: "equal" },
    ],
    configured: true,
    clock: layerClock,
    random: () => 0,
    faults: createFaults({ clock: layerClock, random: () => 0 }),
    words: { impact: {}, down: "down", action: "none" },
  });
  const access = createVectorAccess({ layer, local, remote, clock: layerClock });
  access.start([SPACE]);
  return { access, remote };
}

describeWithChroma("vectors here and in a real Chroma", () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function start(options: { dir?: string; port?: number } = {}): Promise<ChromaServer> {
    const server = await startChroma(options);
    ends.push(() => server.close());
    return server;
  }

  const inStep = (access: VectorAccess) =>
    vi.waitFor(() => expect(access.status()).toMatchObject({ state: "ok", by: "chroma" }), 20_000);

  const ask = async (access: VectorAccess, id: string) => {
    const { value, by } = await access.query(SPACE, vectorOf(id), 5, context());
    expect(value[0]?.id).toBe(id);
    expect(value).toHaveLength(5);
    return by;
  };

  it("fault 36: killed in the middle of an upsert, it has each vector once after it is back", async () => {
    const dir = await mkdtemp(join(tmpdir(), "understudy-replicated-"));
    ends.push(() => rm(dir, { recursive: true, force: true }));
    const server = await start({ dir });
    const { access, remote } = accessTo(server.url);
    ends.push(() => access.close());
    await access.upsert(SPACE, records(many(50)), context());
    await inStep(access);
    const adding = access.upsert(SPACE, records(many(1_000, 50)), context());
    await vi.waitFor(async () => expect(await remote.count(SPACE, context())).toBeGreaterThan(50), {
      timeout: 5_000,
      interval: 5,
    });
    await server.kill();
    await adding;
    expect(await ask(access, "doc_1.1049")).toBe("memory");
    await start({ dir, port: server.port });
    await inStep(access);
    const ids = await remote.ids(SPACE, { limit: 2_000 }, context());
    expect([...ids].sort()).toEqual(many(1_050).sort());
    expect(await remote.count(SPACE, context())).toBe(1_050);
    expect(await ask(access, "doc_1.1049")).toBe("chroma");
  });

  it("fault 37: back with an empty disk, it is filled again before it answers", async () => {
    const server = await start();
    const { access, remote } = accessTo(server.url);
    ends.push(() => access.close());
    await access.upsert(SPACE, records(many(300)), context());
    await inStep(access);
    await server.close();
    await start({ port: server.port });
    expect(await ask(access, "doc_1.7")).toBe("memory");
    await inStep(access);
    expect(await remote.count(SPACE, context())).toBe(300);
    expect(await ask(access, "doc_1.7")).toBe("chroma");
  });

  it("fault 35: while it hangs, nothing waits for it for long, and what is new is found", async () => {
    const server = await start();
    const { access, remote } = accessTo(server.url);
    ends.push(() => access.close());
    await access.upsert(SPACE, records(many(100)), context());
    await inStep(access);
    server.freeze();
    await access.upsert(SPACE, records(["new"]), context());
    expect(await ask(access, "new")).toBe("memory");
    expect(access.status()).toMatchObject({ state: "degraded", by: "memory", backlog: { operations: 1 } });
    server.thaw();
    await inStep(access);
    expect(await remote.count(SPACE, context())).toBe(101);
    expect(await ask(access, "new")).toBe("chroma");
  });

  const collectionsOf = ({ url }: ChromaServer) =>
    `${url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  const namesOn = async (server: ChromaServer) =>
    ((await (await fetch(collectionsOf(server))).json()) as readonly { readonly name: string }[])
      .map(({ name }) => name)
      .sort();

  it("fault 37: a collection of another dimension is replaced in the background, and this machine answers until then", async () => {
    const server = await start();
    const vandal = createChromaVectors({ url: server.url, clock });
    ends.push(async () => vandal.close?.());
    await vandal.upsert(SPACE, [{ id: "doc_1.3", vector: Float32Array.of(1, 0, 0) }], context());
    const [name = ""] = await namesOn(server);
    const { access, remote } = accessTo(server.url);
    ends.push(() => access.close());
    const hurried = testContext({ clock, deadlineMs: 0 });
    await access.upsert(SPACE, records(many(500)), hurried);
    const during = context();
    expect((await access.query(SPACE, vectorOf("doc_1.7"), 5, during)).by).toBe("memory");
    expect(during.trail.list()).toMatchObject([
      { layer: "vectors", by: "memory", mode: "equal", reason: "recovering" },
    ]);
    await inStep(access);
    expect(await ask(access, "doc_1.3")).toBe("chroma");
    expect(await remote.count(SPACE, context())).toBe(500);
    expect(await namesOn(server)).toEqual([name, `${name}-2`]);
    expect(access.status().action).toContain(name);
    expect(access.status().lastError).toBeNull();
  });

  it("fault 37: where no place can be had, that is shown, and ends when there is one", async () => {
    const server = await start();
    const vandal = createChromaVectors({ url: server.url, clock });
    ends.push(async () => vandal.close?.());
    await vandal.upsert(SPACE, [{ id: "doc_1.3", vector: Float32Array.of(1, 0, 0) }], context());
    const [name = ""] = await namesOn(server);
    for (const taken of [`${name}-2`, `${name}-3`]) {
      const body = JSON.stringify({ name: taken });
      await fetch(collectionsOf(server), { method: "POST", headers: { "content-type": "application/json" }, body });
    }
    const moved = createManualClock();
    const { access, remote } = accessTo(server.url, moved);
    ends.push(() => access.close());
    const until = (check: () => void) =>
      vi.waitFor(
        async () => {
          await moved.advance(250);
          check();
        },
        { timeout: 20_000, interval: 20 },
      );
    await access.upsert(SPACE, records(many(20)), testContext({ clock: moved, deadlineMs: 0 }));
    await until(() => expect(access.status()).toMatchObject({ state: "degraded", by: "memory" }));
    expect(access.status().lastError).toMatchObject({ errorClass: "bad_response" });
    expect(access.status().lastError?.text).toContain(`${name}, ${name}-2, ${name}-3`);
    expect(await ask(access, "doc_1.7")).toBe("memory");
    expect(await namesOn(server)).toHaveLength(3);
    await fetch(`${collectionsOf(server)}/${name}-2`, { method: "DELETE" });
    await until(() => expect(access.status()).toMatchObject({ state: "ok", by: "chroma" }));
    expect(await ask(access, "doc_1.3")).toBe("chroma");
    expect(await remote.count(SPACE, context())).toBe(20);
  });
});
