import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deriveConfig } from "../../src/config/config.ts";
import { readValues } from "../../src/config/env.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";

const anything = z.unknown();

const common = { PORT: "0", DATA_DIR: ":memory:", LOG_LEVEL: "silent" };

function settings(environment: Record<string, string>) {
  const values = readValues({ ...common, ...environment });
  return [deriveConfig(values), readSecrets(values)] as const;
}

async function withServers(count: number, work: (servers: readonly FakeModel[]) => Promise<void>): Promise<void> {
  const servers = await Promise.all(Array.from({ length: count }, () => startFakeModel()));
  try {
    await work(servers);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

describe("models that change while the server runs", () => {
  it("names what changed, asks the new ones from then on, and remembers who said wait", () =>
    withServers(2, async ([a, b]) => {
      if (!a || !b) throw new Error("two servers");
      const clock = createManualClock();
      const one = { LLM_PRIORITY_ORDER: "one", ONE_LLM_MODEL: "fault-429-retry-after-600", ONE_LLM_BASE_URL: a.url };
      const two = { TWO_LLM_MODEL: "good", TWO_LLM_BASE_URL: b.url, TWO_LLM_API_KEY: "first-key" };
      const app = await testApp({ clock }, one);
      const ask = () =>
        app.layers.llm.use(
          (model, context) =>
            model.run(
              {
                name: "t",
                schema: anything,
                prompt: () => ({ system: "", messages: [{ role: "user", content: "hello" }] }),
                byRule: () => "by rule",
              },
              undefined,
              context,
            ),
          createContext({ clock, requestId: "r", deadlineMs: 30_000 }),
        );
      expect((await ask()).by).toBe("mock");
      expect(a.count("/v1/chat/completions")).toBe(1);

      const both = { ...one, ...two, LLM_PRIORITY_ORDER: "one,two" };
      expect(await app.reload(...settings(both))).toEqual(["two", "models"]);
      const state = () => app.layers.llm.status().candidates.map((each) => `${each.name} ${each.state}`);
      expect(state()).toEqual(["one cooldown", "two ready"]);
      expect(app.layers.llm.status()).toMatchObject({ state: "degraded", by: "two", reason: "cooldown" });
      expect((await ask()).by).toBe("two");
      expect(a.count("/v1/chat/completions")).toBe(1);

      // Under another name it is the same to its provider; the order of an operator goes by the name.
      const order = { reason: "x", author: "k", ttlMs: 60_000 };
      await app.layers.llm.control({ action: "force_open", port: "two", ...order });
      const renamed = {
        ...two,
        LLM_PRIORITY_ORDER: "uno,two",
        UNO_LLM_MODEL: one.ONE_LLM_MODEL,
        UNO_LLM_BASE_URL: a.url,
      };
      expect(await app.reload(...settings({ ...renamed, TWO_LLM_API_KEY: "another-key" }))).toEqual([
        "one",
        "two",
        "uno",
        "models",
      ]);
      expect(state()).toEqual(["uno cooldown", "two forced"]);
      await app.layers.llm.control({ action: "close", port: "two", ...order });
      await app.reload(...settings(both));

      expect(await app.reload(...settings(both))).toEqual([]);
      expect(await app.reload(...settings({ ...both, TWO_LLM_API_KEY: "second-key" }))).toEqual(["two"]);
      await ask();
      expect(b.requests.at(-1)?.headers.authorization).toBe("Bearer second-key");

      expect(await app.reload(...settings({}))).toEqual(["one", "two", "models"]);
      expect(await ask()).toEqual(expect.objectContaining({ by: "mock" }));
      expect(app.layers.llm.status()).toMatchObject({ state: "ok", configured: false });
      await app.close();
    }));
});
