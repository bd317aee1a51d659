import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../../support/chroma-server.ts";
import { contextOf, type FakeChroma, json, startFakeChroma, text } from "./fake-chroma.ts";

const SPACE = { name: "model-a", dimension: 4 };
const record = (id: string, ...vector: readonly number[]) => ({ id, vector: Float32Array.from(vector) });
const own = record("own", 1, 2, 3, 4);

describeWithChroma("collections that stand in the place of ours", () => {
  const ports: Vectors[] = [];
  let server: ChromaServer;
  let base: string;
  beforeEach(async () => {
    server = await startChroma();
    base = `${server.url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  });
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close?.();
    await server.close();
  });

  function open(): Vectors {
    const port = createChromaVectors({ url: server.url, clock: systemClock, timeoutMs: 20_000 });
    ports.push(port);
    return port;
  }

  /** By name, in its order. */
  async function collections() {
    const all = (await (await fetch(base)).json()) as readonly { readonly name: string; readonly id: string }[];
    return [...all].sort((left, right) => (left.name < right.name ? -1 : 1));
  }
  const namesNow = async () => (await collections()).map(({ name }) => name);
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${base}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.ok).toBe(true);
    return (await answer.json()) as { readonly id: string };
  };

  /** What the collection of the space is called. */
  async function nameOfSpace(): Promise<string> {
    const port = open();
    await port.upsert(SPACE.name, [own], contextOf());
    const [name = ""] = await namesNow();
    expect(await port.discard?.(SPACE, contextOf())).toBe(true);
    expect(await namesNow()).toEqual([]);
    return name;
  }

  const metadata = { space: SPACE.name, dimension: SPACE.dimension };
  const cosine = { hnsw: { space: "cosine" } };
  it.each([
    ["somebody else's", { embedding_function: { type: "known", name: "default", config: {} } }, null, undefined],
    ["for another space", cosine, { ...metadata, space: "model-b" }, undefined],
    ["for vectors of another dimension", cosine, { ...metadata, dimension: 3 }, [1, 0, 0]],
    ["filled with vectors of another dimension", cosine, metadata, [1, 0, 0]],
    ["measuring in another way", { hnsw: { space: "l2" } }, metadata, [1, 0, 0, 0]],
  ] as const)("fault 37: one that is %s is passed over and left as it is", async (_, configuration, about, vector) => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const name = await nameOfSpace();
    const { id } = await post("", { name, configuration, metadata: about });
    if (vector) await post(`/${id}/upsert`, { ids: ["theirs"], embeddings: [vector] });
    const port = open();
    expect(port.expect?.(SPACE)).toBe(false);
    expect(await port.ids(SPACE.name, { limit: 10 }, contextOf())).toEqual([]);
    expect(port.strangers?.()).toEqual([name]);
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await port.query(SPACE.name, own.vector, 5, contextOf())).toMatchObject([{ id: "own" }]);
    expect(await namesNow()).toEqual([name, `${name}-2`]);
    // Another process finds the same one, also when the other is gone.
    const second = open();
    second.expect?.(SPACE);
    expect(await second.ids(SPACE.name, { limit: 10 }, contextOf())).toEqual(["own"]);
    const kept = await post(`/${id}/get`, { include: [] });
    expect(kept).toMatchObject({ ids: vector ? ["theirs"] : [] });
    expect((await fetch(`${base}/${name}`, { method: "DELETE" })).ok).toBe(true);
    const third = open();
    third.expect?.(SPACE);
    await third.upsert(SPACE.name, [record("more", 4, 3, 2, 1)], contextOf());
    expect([...(await port.ids(SPACE.name, { limit: 10 }, contextOf()))].sort()).toEqual(["more", "own"]);
    expect(third.strangers?.()).toEqual([]);
    // The package has not looked for what a stranger embeds with.
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it("fault 37: says so when every name is taken, and writes to none of them", async () => {
    const name = await nameOfSpace();
    for (const each of [name, `${name}-2`, `${name}-3`]) {
      await post("", { name: each, metadata: { ...metadata, dimension: 3 } });
    }
    const port = open();
    port.expect?.(SPACE);
    for (const call of [
      () => port.upsert(SPACE.name, [own], contextOf()),
      () => port.ids(SPACE.name, { limit: 10 }, contextOf()),
      () => port.query(SPACE.name, own.vector, 1, contextOf()),
    ]) {
      await expect(call()).rejects.toMatchObject({
        errorClass: "bad_response",
        message: expect.stringContaining(`${name}, ${name}-2, ${name}-3`),
      });
    }
    expect(await namesNow()).toEqual([name, `${name}-2`, `${name}-3`]);
    expect(port.strangers?.()).toHaveLength(3);
  });

  it("fault 37: is told of no more once whoever kept in step has seen that an operator removed it", async () => {
    const name = await nameOfSpace();
    const names = [name, `${name}-2`];
    for (const each of names) await post("", { name: each, metadata: { ...metadata, dimension: 3 } });
    const port = open();
    port.expect?.(SPACE);
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await port.count(SPACE.name, contextOf())).toBe(1);
    expect(port.strangers?.()).toEqual(names);
    await fetch(`${base}/${name}`, { method: "DELETE" });
    expect(await port.count(SPACE.name, contextOf())).toBe(1);
    expect(port.strangers?.()).toEqual([`${name}-2`]);
    await fetch(`${base}/${name}-2`, { method: "DELETE" });
    expect(await port.count(SPACE.name, contextOf())).toBe(1);
    expect(port.strangers?.()).toEqual([]);
    expect(await namesNow()).toEqual([`${name}-3`]);
  });

  it("tells when a space turns out to be of another dimension than the collection in use", async () => {
    const port = open();
    await port.upsert(SPACE.name, [record("old", 1, 0, 0)], contextOf());
    expect(port.expect?.({ ...SPACE, dimension: 3 })).toBe(false);
    expect(port.expect?.(SPACE)).toBe(true);
    expect(port.expect?.(SPACE)).toBe(false);
    expect(await port.count(SPACE.name, contextOf())).toBe(0);
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await open().ids(SPACE.name, { limit: 10 }, contextOf())).toEqual(["old"]);
    // Each is discarded alone.
    expect(await port.discard?.({ ...SPACE, dimension: 3 }, contextOf())).toBe(true);
    expect(await port.ids(SPACE.name, { limit: 10 }, contextOf())).toEqual(["own"]);
    expect(port.strangers?.()).toEqual([]);
    expect(await port.discard?.({ ...SPACE, dimension: 3 }, contextOf())).toBe(false);
  });

  it("fault 37: looks again when what it has used refuses its vectors", async () => {
    const port = open();
    port.expect?.(SPACE);
    await port.upsert(SPACE.name, [own], contextOf());
    const [name = ""] = await namesNow();
    const replace = async () => {
      await fetch(`${base}/${name}`, { method: "DELETE" });
      const { id } = await post("", { name, configuration: cosine, metadata });
      return id;
    };
    // Still empty when it is found anew: it fits until somebody stores something else in it.
    const id = await replace();
    expect(await port.count(SPACE.name, contextOf())).toBe(0);
    await post(`/${id}/upsert`, { ids: ["theirs"], embeddings: [[1, 0, 0]] });
    await expect(port.upsert(SPACE.name, [own], contextOf())).rejects.toMatchObject({ errorClass: "bad_response" });
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await namesNow()).toEqual([name, `${name}-2`]);
    expect(await post(`/${id}/get`, { include: [] })).toMatchObject({ ids: ["theirs"] });
  });

  it("discards nothing that was not made for the space, whatever its name is", async () => {
    const name = await nameOfSpace();
    await post("", { name, metadata: { owner: "somebody else" } });
    await post("", { name: `${name}-2`, configuration: cosine, metadata: { ...metadata, dimension: 3 } });
    await post("", { name: "understudy-of-somebody-else", metadata });
    const port = open();
    expect(await port.discard?.(SPACE, contextOf())).toBe(false);
    expect(await namesNow()).toHaveLength(3);
    expect(await port.discard?.({ ...SPACE, dimension: 2 }, contextOf())).toBe(false);
    expect(await port.discard?.({ ...SPACE, dimension: 3 }, contextOf())).toBe(true);
    expect(await namesNow()).toEqual(["understudy-of-somebody-else", name].sort());
  });

  it("serves on when its collection was discarded by another process", async () => {
    const port = open();
    port.expect?.(SPACE);
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await open().discard?.(SPACE, contextOf())).toBe(true);
    expect(await port.query(SPACE.name, own.vector, 3, contextOf())).toEqual([]);
    await port.upsert(SPACE.name, [own], contextOf());
    expect(await port.count(SPACE.name, contextOf())).toBe(1);
  });
});

describe("discarding on a server that is not Chroma", () => {
  let fake: FakeChroma;
  beforeEach(async () => {
    fake = await startFakeChroma();
  });
  afterEach(() => fake.close());

  it.each([
    ["a 404 to everything", json({ error: "NotFound" }, 404)],
    ["a web page", text("<html>Sign in</html>", "text/html")],
  ])("does not take %s for a collection that is gone", async (_, answer) => {
    fake.everything = answer;
    const port = createChromaVectors({ url: fake.url, clock: systemClock });
    await expect(port.discard?.(SPACE, contextOf())).rejects.toMatchObject({ errorClass: "bad_response" });
    expect(fake.asked.filter((asked) => asked.startsWith("DELETE"))).toEqual([]);
    await port.close?.();
  });
});
