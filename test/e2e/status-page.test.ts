import { expect, it } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type PageTest, withPage } from "./page-test.ts";
import { healthOf, layerNames, layerOf } from "./pages-data.ts";

const NOW = Date.parse("2026-01-15T10:00:00Z");
const at = (ms: number) => new Date(NOW + ms).toISOString();

const trouble = healthOf(
  {
    llm: layerOf({
      state: "degraded",
      configured: true,
      by: "second",
      ports: ["first", "second"],
      mode: "equal",
      since: at(-14 * 60_000),
      reason: "timeout",
      breaker: { state: "open", failures: 3, calls: 40, next_probe_at: at(8_000), not_permitted: 5 },
      impact: "None: the fallback is equal.",
      action: "Look at the provider.",
    }),
    store: layerOf({ state: "down", configured: true, by: "none", reason: "error", impact: "Nothing is kept." }),
  },
  { status: "down", notices: [`llm: degraded since ${at(-14 * 60_000)}, served by second.`] },
);

/** The page at a standing clock that only the test moves. */
async function open({ page, server }: PageTest, health: unknown): Promise<void> {
  server.get.set("/health", { body: health });
  // Long before: the clock of the page runs until it is stopped, on a busy machine for more than an instant.
  await page.clock.install({ time: NOW - 60_000 });
  await page.clock.pauseAt(NOW + 1);
  await page.goto(`${server.url}/status`);
}

describeWithChromium("status page", (browser) => {
  it("has a row for each layer, with an icon and a word, and calls a keyless server normal", () =>
    withPage(browser(), async (given) => {
      const { page } = given;
      await open(given, healthOf());
      await page.getByRole("heading", { name: "Everything works" }).waitFor();
      const rows = page.locator(".layer");
      expect(await rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-layer")))).toEqual(layerNames);
      expect(await page.locator(".state").allTextContents()).toEqual(layerNames.map(() => "Working"));
      expect(await page.locator(".state svg").count()).toBe(layerNames.length);
      expect(await rows.first().locator(".summary").textContent()).toBe("Local (local), nothing else configured");
      expect(await page.locator(".trouble").first().isVisible()).toBe(false);
    }));

  it("says of a layer in trouble who serves, since when, why, to what effect and what comes next", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      await open(given, trouble);
      await page.getByRole("heading", { name: "Questions cannot be answered right now" }).waitFor();
      const llm = page.locator('[data-layer="llm"]');
      expect(await llm.locator(".state").textContent()).toBe("Equal stand-in");
      expect(await llm.locator(".summary").textContent()).toBe("Served by second instead of first");
      expect(await llm.locator(".trouble p").allTextContents()).toEqual([
        "since 14 min, next check in 8 s",
        "Why: the first choice did not answer in time.",
        "Effect: None: the fallback is equal.",
        "To do: Look at the provider.",
      ]);
      expect(await page.locator('[data-layer="store"] .state').textContent()).toBe("Down");
      expect(await page.locator("#notices").textContent()).toMatch(
        /^Answers: degraded since \d\d:\d\d:\d\d, served by second\.$/,
      );

      await llm.locator("summary").click();
      await page.clock.runFor(1_000);
      await llm.getByText("next check in 7 s").waitFor();
      server.get.set("/health", { body: healthOf() });
      await page.clock.runFor(1_000);
      await page.getByRole("heading", { name: "Everything works" }).waitFor();
      expect(await llm.locator("details").getAttribute("open")).not.toBeNull();
    }));

  it("works with the little that everybody may see", () =>
    withPage(browser(), async (given) => {
      await open(given, { status: "degraded", layers: { llm: { state: "degraded" }, odd: { state: "new" } } });
      await given.page.getByRole("heading", { name: "Working, with limits" }).waitFor();
      expect(await given.page.locator(".state").allTextContents()).toEqual(["Stand-in", "Not known"]);
      expect(await given.page.locator("details:visible").count()).toBe(0);
      expect(await given.page.locator("main").textContent()).not.toMatch(/undefined|null|NaN/);
    }));

  it("reads a 503 like any other answer", () =>
    withPage(browser(), async (given) => {
      await open(given, healthOf());
      await given.page.getByRole("heading", { name: "Everything works" }).waitFor();
      given.server.get.set("/health", { status: 503, body: trouble });
      await given.page.clock.runFor(2_000);
      await given.page.getByRole("heading", { name: "Questions cannot be answered right now" }).waitFor();
    }));

  it("says plainly when the server itself is away, and comes back by itself", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      await open(given, healthOf());
      await page.getByRole("heading", { name: "Everything works" }).waitFor();
      await server.stop();
      await page.clock.runFor(2_000);
      await page.getByRole("heading", { name: "The server does not answer" }).waitFor();
      await page.getByText("No answer since").waitFor();
      expect(await page.locator(".layer").count()).toBe(layerNames.length);
      await server.start();
      await page.clock.runFor(2_000);
      await page.getByRole("heading", { name: "Everything works" }).waitFor();
    }));

  it("is in Chinese for a Chinese browser, effects included", () =>
    withPage(
      browser(),
      async (given) => {
        await open(given, trouble);
        await given.page.getByRole("heading", { name: "目前无法回答问题" }).waitFor();
        const llm = given.page.locator('[data-layer="llm"]');
        expect(await llm.locator(".state").textContent()).toBe("同等备用");
        expect(await llm.locator(".when").textContent()).toMatch(/^已持续 14 分钟.8 秒后再次检查$/);
        await given.page.getByText("由备用模型回答").waitFor();
      },
      { locale: "zh-CN" },
    ));
});
