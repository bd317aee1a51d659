import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { within } from "../../../src/fallbacks/core/deadline.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { type Answer, contextOf, type FakeChroma, json, startFakeChroma, text, x } from "./fake-chroma.ts";

const SPACE = { name: "s", dimension: 2 };
const NAME = /^GET understudy-[0-9a-f]{32}(-[23])?$/;

describe("looking for the collection of a space on a slow Chroma", () => {
  let fake: FakeChroma;
  let clock: ManualClock;
  let port: Vectors;
  /** Last parts of the names that are taken, with their metadata. */
  let taken: Map<string, object>;

  const answer: Answer = (request, response) => {
    const name = request.url?.split("/").at(-1) ?? "";
    const metadata = taken.get(/-[23]$/.exec(name)?.[0] ?? "");
    const there = { id: "11111111-1111-1111-1111-111111111111", name, configuration_json: {}, metadata };
    if (name.startsWith("understudy-")) return json(there, metadata ? 200 : 404)(request, response);
    if (name === "collections") return json({ ...there, metadata: { space: "s", dimension: 2 } })(request, response);
    return (fake.answers[name] ?? json({}, 404))(request, response);
  };

  beforeEach(async () => {
    fake = await startFakeChroma();
    clock = createManualClock();
    port = createChromaVectors({ url: fake.url, clock, timeoutMs: 5_000 });
    taken = new Map();
    fake.everything = (request, response) => void clock.advance(600).then(() => answer(request, response));
  });
  afterEach(async () => {
    await port.close?.();
    await fake.close();
  });

  const alive = <T>(work: (context: ReturnType<typeof contextOf>) => Promise<T>) =>
    within({ clock, signal: new AbortController().signal, ms: 60_000, idleMs: 2_000 }, (signal, idle) =>
      work({ ...contextOf(signal), idle }),
    );
  const counted = () => fake.asked.filter((asked) => asked === "GET collections_count").length;
  const looked = () => fake.asked.filter((asked) => NAME.test(asked)).length;

  it("fault 35: takes longer than a call may be silent, as each exchange is a sign of life", async () => {
    taken.set("", { owner: "somebody else" }).set("-2", { owner: "somebody else" });
    port.expect?.(SPACE);
    await alive((context) => port.upsert("s", [x], context));
    expect(fake.asked.at(-1)).toBe("POST upsert");
    expect(clock.now()).toBeGreaterThan(2_000);
    expect([looked(), counted()]).toEqual([3, 1]);
  });

  it("asks for one name where that is the one, and for all only where it is not", async () => {
    taken.set("", { space: "s", dimension: 2 });
    await alive((context) => port.count("s", context));
    expect([looked(), counted()]).toEqual([1, 0]);
  });

  it("makes sure once that it is Chroma that has none of them", async () => {
    expect(await alive((context) => port.ids("s", { limit: 10 }, context))).toEqual([]);
    expect([looked(), counted()]).toEqual([3, 1]);
    expect(await alive((context) => port.discard?.(SPACE, context) ?? Promise.reject())).toBe(false);
    expect([looked(), counted()]).toEqual([6, 2]);
  });

  it("fault 35: deletes them one after the other for as long as that takes", async () => {
    for (const each of ["", "-2", "-3"]) taken.set(each, { space: "s", dimension: 2 });
    expect(await alive((context) => port.discard?.(SPACE, context) ?? Promise.reject())).toBe(true);
    expect(fake.asked.filter((asked) => asked.startsWith("DELETE"))).toHaveLength(3);
    expect(clock.now()).toBeGreaterThan(2_000);
  });

  it.each([
    ["forbids", json({ error: "Forbidden", message: "no" }, 403)],
    ["has no such method for", text("no", "text/plain", 405)],
    ["has had enough of", json({ error: "RateLimit", message: "later" }, 429)],
    ["fails at", json({ error: "InternalError", message: "oh" }, 500)],
  ])("tells by name which collection a server that %s deletions keeps, as that is no outage", async (_, refusal) => {
    taken.set("", { space: "s", dimension: 2 });
    const all = fake.everything as Answer;
    fake.everything = (request, response) => (request.method === "DELETE" ? refusal : all)(request, response);
    await expect(alive((context) => port.discard?.(SPACE, context) ?? Promise.reject())).rejects.toMatchObject({
      errorClass: "invalid_request",
      message: expect.stringMatching(/collection understudy-[0-9a-f]{32}:/),
    });
  });

  it("takes one that is gone by the time it is deleted for deleted by somebody else", async () => {
    taken.set("", { space: "s", dimension: 2 });
    const all = fake.everything as Answer;
    const gone = json({ error: "NotFound" }, 404);
    fake.everything = (request, response) => (request.method === "DELETE" ? gone : all)(request, response);
    expect(await alive((context) => port.discard?.(SPACE, context) ?? Promise.reject())).toBe(false);
  });
});
