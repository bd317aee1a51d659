import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { type ChromaVectorsOptions, createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { calls, contextOf, type FakeChroma, json, startFakeChroma, text, toIds, x } from "./fake-chroma.ts";

describe("Chroma vectors and their exchanges with a server", () => {
  let fake: FakeChroma;
  const ports: Vectors[] = [];
  const open = (options: Partial<ChromaVectorsOptions> = {}) => {
    const port = createChromaVectors({ url: fake.url, clock: systemClock, ...options });
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

  it("asks again when a hit is missing, as it may have been added in between", async () => {
    let times = 0;
    fake.answers["query"] = (request, response) => {
      times += 1;
      const all = times > 1;
      json({ ids: [all ? ["x", "y"] : ["x"]], distances: [all ? [0, 1] : [0]] })(request, response);
    };
    expect(await calls["query"]?.(open())).toHaveLength(2);
  });

  it("lists again when a record has moved between two parts, and gives up in the end", async () => {
    const first = Array.from({ length: 10_000 }, (_, at) => `a${at}`);
    let moves = 2;
    let offset = 0;
    fake.answers["get"] = (request, response) => {
      const moved = offset > 0 && moves > 0;
      if (moved) moves -= 1;
      json({ ids: offset === 0 ? first : moved ? ["b"] : [first.at(-1), "b"] })(request, response);
      offset = offset === 0 ? 1 : 0;
    };
    const all = [...first, "b"];
    fake.answers["query"] = json({ ids: [all], distances: [all.map(() => 0.5)] });
    expect(await open().ids("s", { limit: 20_000 }, contextOf())).toEqual([...all].sort());
    expect(fake.asked.filter((request) => request === "POST get")).toHaveLength(6);
    moves = Number.POSITIVE_INFINITY;
    await expect(open().ids("s", { limit: 20_000 }, contextOf())).rejects.toMatchObject({ errorClass: "bad_response" });
  });

  it("lists again when far more came than it had listed", async () => {
    const many = ["x", ...Array.from({ length: 2_000 }, (_, at) => `new-${at}`)];
    const of = (ids: readonly string[]) => json({ ids: [ids], distances: [ids.map(() => 0.5)] });
    fake.answers["get"] = json({ ids: ["x", "y"] });
    fake.answers["query"] = (request, response) => {
      of(many.slice(0, 1_002))(request, response);
      fake.answers["query"] = of(["x", "y"]);
    };
    expect(await calls["ids"]?.(open())).toEqual(["x", "y"]);
  });

  it("sends no more at once than the server takes", async () => {
    fake.answers["pre-flight-checks"] = json({ max_batch_size: 2 });
    const port = open();
    const ids = ["a", "b", "c", "d", "e"];
    await port.upsert(
      "s",
      ids.map((id) => ({ ...x, id })),
      contextOf(),
    );
    await port.remove("s", ids, contextOf());
    expect(fake.asked.filter((request) => request === "POST upsert")).toHaveLength(3);
    expect(fake.asked.filter((request) => request === "POST delete")).toHaveLength(3);
  });

  it("sends again only what the server does not hold as it is, and all when it cannot say", async () => {
    let sent: unknown;
    fake.answers["upsert"] = toIds((ids) => {
      sent = ids;
      return json({});
    });
    const port = open();
    const records = ["same", "other", "null", "new"].map((id) => ({ ...x, id }));
    const held = {
      ids: ["same", "other", "null"],
      embeddings: [
        [1, 1e-8],
        [0.6, 0.8],
        [1, null],
      ],
    };
    fake.answers["get"] = json(held);
    await port.upsert("s", records, contextOf());
    expect(sent).toEqual(["other", "null", "new"]);
    fake.asked.length = 0;
    await port.upsert("s", records.slice(0, 1), contextOf());
    expect(fake.asked).toEqual(["POST get"]);
    fake.answers["get"] = json({ error: "InternalError", message: "Error finding id" }, 500);
    await port.upsert("s", records, contextOf());
    expect(sent).toEqual(["same", "other", "null", "new"]);
  });

  it("writes nothing to a server that stopped being Chroma", async () => {
    const port = open();
    await port.count("s", contextOf());
    fake.answers["pre-flight-checks"] = text("<html>Sign in</html>", "text/html");
    await expect(calls["upsert"]?.(port)).rejects.toMatchObject({ errorClass: "bad_response" });
    await expect(calls["remove"]?.(port)).rejects.toMatchObject({ errorClass: "bad_response" });
    expect(fake.asked).not.toContain("POST upsert");
    expect(fake.asked).not.toContain("POST delete");
  });

  it("opens nothing before its first call, and probes with a search once it knows a space", async () => {
    const port = open();
    expect(fake.asked).toEqual([]);
    await port.probe?.(contextOf());
    expect(fake.asked).toEqual(["GET collections_count"]);
    await port.count("s", contextOf());
    fake.asked.length = 0;
    await port.probe?.(contextOf());
    expect(fake.asked).toEqual(["POST query"]);
  });

  it("fault 35: ends a hung exchange at its own limit and closes the connection", async () => {
    const clock = createManualClock();
    const port = open({ clock, timeoutMs: 5_000 });
    await port.count("s", contextOf());
    const hung = new Promise<IncomingMessage>((resolve) => {
      fake.answers["count"] = (request) => resolve(request);
    });
    let outcome: unknown;
    const counting = port.count("s", contextOf()).catch((error: unknown) => {
      outcome = error;
    });
    const closed = once((await hung).socket, "close");
    await clock.advance(4_999);
    expect(outcome).toBeUndefined();
    await clock.advance(1);
    await counting;
    expect(outcome).toMatchObject({ errorClass: "timeout" });
    await closed;
    expect(clock.pending).toBe(0);
  });

  it.each<[string, (caller: AbortController, port: Vectors) => unknown]>([
    ["the caller goes away", (caller) => caller.abort()],
    ["the port is closed", (_, port) => port.close?.()],
  ])("closes the connection when %s", async (_, leave) => {
    const caller = new AbortController();
    const port = open();
    const hung = new Promise<IncomingMessage>((resolve) => {
      fake.answers["count"] = (request) => resolve(request);
    });
    const counting = port.count("s", contextOf(caller.signal)).catch((error: unknown) => error);
    const closed = once((await hung).socket, "close");
    await leave(caller, port);
    expect(await counting).toMatchObject({ errorClass: "aborted" });
    await closed;
  });

  it("refuses calls once it is closed", async () => {
    const port = open();
    await port.close?.();
    await port.close?.();
    await expect(calls["count"]?.(port)).rejects.toMatchObject({ errorClass: "aborted" });
    expect(fake.asked).toEqual([]);
  });

  it("sends the token and the user of the URL, and shows neither in an error", async () => {
    let headers: IncomingMessage["headers"] = {};
    fake.everything = (request, response) => {
      headers = request.headers;
      json({ message: "no" }, 400)(request, response);
    };
    const port = open({ url: fake.url.replace("//", "//me:pass%20word@"), token: "secret-token" });
    const error = await port.count("s", contextOf()).catch((thrown: unknown) => thrown);
    expect(headers["x-chroma-token"]).toBe("secret-token");
    expect(headers.authorization).toBe(`Basic ${Buffer.from("me:pass word").toString("base64")}`);
    expect(String(error)).toContain("no");
    expect(String(error)).not.toMatch(/secret-token|pass|127\.0\.0\.1/);
  });

  it.each([
    "",
    "chroma:8000",
    "ftp://chroma",
    "http://me:pass@chroma/api",
    "http://me:pa%ss@chroma",
    "http://chroma?a=1",
  ])("refuses the URL %j without repeating it", (wrong) => {
    const make = () => createChromaVectors({ url: wrong, clock: systemClock });
    expect(make).toThrowError(expect.objectContaining({ errorClass: "invalid_request" }));
    expect(make).not.toThrowError(/pa/);
  });

  it("says what to install when the package is not there", async () => {
    const load = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    await expect(calls["count"]?.(open({ load }))).rejects.toMatchObject({
      errorClass: "missing",
      message: 'the package "chromadb" is not installed: npm install chromadb@3.5.0',
    });
  });
});
