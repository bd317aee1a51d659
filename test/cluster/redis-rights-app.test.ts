import { randomBytes } from "node:crypto";
import { expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { testApp } from "../support/test-app.ts";
import { denied, urlFor, userArgs } from "./rights.ts";

const WAIT = { timeout: 20_000, interval: 50 };

vi.setConfig({ testTimeout: 60_000 });

describeWithRedis("servers with a Redis user of few rights", () => {
  it("are denied nothing: turns in one session at both, a hand-off, export and erasure", async () => {
    const redis = await startRedis({ args: userArgs });
    onTestFinished(() => redis.close());
    const [one, two] = await Promise.all([startApp(urlFor(redis)), startApp(urlFor(redis))]);
    const { session_id } = JSON.parse(await ask(one, "/chat", { message: "I want to talk to a human!", user: "u" }));
    await ask(two, "/chat", { message: "你好", user: "u", session_id });
    await vi.waitFor(async () => expect(await ask(two, "/users/u/data")).toContain("你好"), WAIT);
    const { job_id } = JSON.parse(await ask(one, "/users/u/data", undefined, "DELETE"));
    await vi.waitFor(async () => expect(await ask(two, `/jobs/${job_id}`)).toContain('"done"'), WAIT);
    expect(await denied(redis)).toBe("");
  });
});

/** One process in all but its process; gives where it listens. */
async function startApp(redisUrl: string): Promise<string> {
  const newId = () => randomBytes(16).toString("hex");
  const environment = { REDIS_URL: redisUrl, SAMPLE_KNOWLEDGE: "off" };
  const app = await testApp({ clock: systemClock, random: Math.random, newId }, environment);
  onTestFinished(async () => void (await app.close()));
  return app.listen();
}

/** What a route answers, which must be no error in the end: while a busy machine is late, a server asks to come again. */
async function ask(url: string, path: string, body?: object, method = body ? "POST" : "GET"): Promise<string> {
  const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return vi.waitFor(async () => {
    const response = await fetch(`${url}/api/v1${path}`, { method, ...init });
    const text = await response.text();
    expect({ method, path, refused: response.ok ? "" : text }).toEqual({ method, path, refused: "" });
    return text;
  }, WAIT);
}
