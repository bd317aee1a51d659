import { expect, it } from "vitest";
import { keyOf, postJson, startServer } from "./test-server.ts";

it("limits requests a minute for each key, shows what is left, and says when to come back", async () => {
  const { url } = await startServer({ settings: { authMode: "required", requestsPerMinute: 2 } });
  const ask = (role: string) => fetch(`${url}/api/v1/sessions`, { headers: { "x-api-key": keyOf(role) } });
  expect((await ask("user")).headers.get("ratelimit")).toMatch(/^"requests"; r=1; t=\d+$/);
  expect((await ask("user")).status).toBe(200);
  const third = await ask("user");
  expect(third.status).toBe(429);
  expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await third.json()).toMatchObject({ code: "rate_limited" });
  expect((await ask("admin")).status).toBe(403);
});

it("counts wrong keys by address, and never the probes", async () => {
  const { url } = await startServer({ settings: { authMode: "required", requestsPerMinute: 2 } });
  const guess = (key: string) => postJson(`${url}/api/v1/chat`, { message: "hi" }, { "x-api-key": key });
  expect((await guess("first-guess-of-a-key-x")).status).toBe(401);
  expect((await guess("other-guess-of-a-key-x")).status).toBe(401);
  expect((await guess("third-guess-of-a-key-x")).status).toBe(429);
  expect((await guess(keyOf("user"))).status).toBe(200);
  for (const path of ["/livez", "/readyz", "/health"]) expect((await fetch(url + path)).status).toBe(200);
});
