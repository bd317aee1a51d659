import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { type Answer, calls, type FakeChroma, json, startFakeChroma, text } from "./fake-chroma.ts";

describe("Chroma vectors and what a server may answer", () => {
  let fake: FakeChroma;
  const ports: Vectors[] = [];
  const open = () => {
    const port = createChromaVectors({ url: fake.url, clock: systemClock });
    ports.push(port);
    return port;
  };

  beforeEach(async () => {
    fake = await startFakeChroma();
  });
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close?.();
    await fake.close();
  });

  it("serves every call when the answers are good", async () => {
    const port = open();
    for (const call of Object.values(calls)) await call(port);
    expect(await calls["query"]?.(port)).toEqual([
      { id: "x", score: 1 },
      { id: "y", score: 0 },
    ]);
  });

  describe.each<[string, Answer, string]>([
    ["HTML", text("<html>Welcome</html>", "text/html"), "bad_response"],
    ["HTML that calls itself JSON", text("<html>Welcome</html>", "application/json"), "bad_response"],
    ["truncated JSON", text('{"ids":[["x"', "application/json"), "bad_response"],
    ["nothing", text("", "application/json"), "bad_response"],
    ["null", json(null), "bad_response"],
    ["another JSON", json({ ok: true }), "bad_response"],
    ["that nothing is there", text("<html>Not found</html>", "text/html", 404), "bad_response"],
    ["that the request is wrong", json({ error: "x", message: "no" }, 400), "bad_response"],
    ["an error", json({ error: "InternalError", message: "boom" }, 500), "server"],
    ["a proxy's error", text("<html>Bad gateway</html>", "text/html", 502), "server"],
    ["a redirect", (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(), "server"],
    ["that the key is wrong", json({}, 401), "auth"],
    ["that the key may not", json({}, 403), "auth"],
    ["that it is too much", json({}, 429), "rate_limited"],
    ["that the quota is used up", json({ message: "Quota exceeded: 1" }, 422), "quota"],
    ["by closing the connection", (request) => request.socket.destroy(), "network"],
    [
      "half an answer",
      (request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" }).write('{"ids":');
        setImmediate(() => request.socket.destroy());
      },
      "network",
    ],
  ])("answers %s", (_, answer, errorClass) => {
    it.each(Object.keys(calls))(
      `refuses that of %s as ${errorClass}, at its first and at a later call`,
      async (name) => {
        const call = calls[name] as (port: Vectors) => Promise<unknown>;
        const fresh = open();
        const used = open();
        await call(used);
        fake.everything = answer;
        await expect(call(fresh)).rejects.toMatchObject({ name: "LayerError", errorClass });
        await expect(call(used)).rejects.toMatchObject({ name: "LayerError", errorClass });
      },
    );
  });

  it.each<[string, string, unknown]>([
    ["query", "null for a distance", { ids: [["x", "y"]], distances: [[0, null]] }],
    ["query", "a distance that is none of cosine", { ids: [["x", "y"]], distances: [[0, 7]] }],
    ["query", "fewer distances than ids", { ids: [["x", "y"]], distances: [[0]] }],
    ["query", "no distances", { ids: [["x", "y"]], distances: null }],
    ["query", "two answers", { ids: [["x"], ["y"]], distances: [[0], [1]] }],
    ["query", "an id that is no string", { ids: [["x", 7]], distances: [[0, 1]] }],
    ["query", "an id that nobody here wrote", { ids: [["x", "%zz"]], distances: [[0, 1]] }],
    ["query", "fewer hits than it counts", { ids: [["x"]], distances: [[0]] }],
    ["get", "a vector of another dimension", { ids: ["x"], embeddings: [[1, 0, 0]] }],
    ["get", "a vector with a null", { ids: ["x"], embeddings: [[1, null]] }],
    ["get", "a vector of zeros", { ids: ["x"], embeddings: [[0, 0]] }],
    ["get", "fewer vectors than ids", { ids: ["x"], embeddings: [] }],
    ["count", "a negative number", -1],
    ["count", "half a number", 1.5],
    ["count", "a number as text", "2"],
  ])("refuses of %s %s", async (name, _, body) => {
    fake.answers[name] = json(body);
    await expect(calls[name]?.(open())).rejects.toMatchObject({ errorClass: "bad_response" });
  });

  it.each<[string, unknown]>([
    ["of another space", { space: "t", dimension: 2 }],
    ["without a space", { dimension: 2 }],
    ["without a dimension", { space: "s" }],
    ["without any note", null],
  ])("refuses a collection %s", async (_, metadata) => {
    fake.metadata = metadata;
    await expect(calls["query"]?.(open())).rejects.toMatchObject({ errorClass: "bad_response" });
  });
});
