import { expect, it } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { withPage } from "./page-test.ts";
import { healthOf, layerOf } from "./pages-data.ts";

const NOW = Date.parse("2026-01-15T10:00:00Z");
const at = (ms: number) => new Date(NOW + ms).toISOString();

const forced = {
  action: "force_open",
  reason: "incident <b>4711</b>",
  author: "a1b2c3d4e5f6",
  since: at(-60_000),
  until: at(840_000),
};
const port = (name: string, state: string, until: string | null, more: object = {}) => ({
  name,
  state,
  until,
  last_error_class: null,
  forced: null,
  ...more,
});

const health = healthOf(
  {
    llm: layerOf({
      state: "forced",
      configured: true,
      by: "third",
      ports: ["first", "second", "third", "mock"],
      mode: "equal",
      since: at(-60_000),
      reason: "forced",
      candidates: [
        port("first", "forced", forced.until, { forced }),
        port("second", "parked", at(900_000)),
        port("third", "ready", null),
      ],
    }),
    store: layerOf({ candidates: [port("redis", "ready", null)] }),
  },
  { status: "ok" },
);

describeWithChromium("orders of operators on the status page", (browser) => {
  const cases = [
    [
      "en-GB",
      "Set by hand",
      /^By hand: first is not asked, by a1b2c3d4e5f6 until .*\d\d:\d\d:\d\d\. incident <b>4711<\/b>$/,
      [
        "first set by hand, for 14 min more",
        "second refuses its key, its account or its model, for 15 min more",
        "third ready",
      ],
    ],
    [
      "zh-CN",
      "人工设定",
      /^人工设定：first 暂不使用，操作者 a1b2c3d4e5f6，到 .*\d\d:\d\d:\d\d 为止。incident <b>4711<\/b>$/,
      ["first 人工设定，还有 14 分钟", "second 拒绝了密钥、额度或模型，还有 15 分钟", "third 可用"],
    ],
  ] as const;

  it.each(cases)("in %s: who, what, why and until when, and how each model is", (locale, state, order, ports) =>
    withPage(
      browser(),
      async ({ page, server }) => {
        server.get.set("/health", { body: health });
        // The clock runs until it is paused, which must not be in its past, however slow the machine is.
        await page.clock.install({ time: NOW - 60_000 });
        await page.clock.pauseAt(NOW);
        await page.goto(`${server.url}/status`);
        const llm = page.locator('[data-layer="llm"]');
        await llm.locator(".ports").waitFor();
        expect(await llm.locator(".state").textContent()).toBe(state);
        expect(await llm.locator(".orders li").allTextContents()).toEqual([expect.stringMatching(order)]);
        expect(await llm.locator(".ports li").allTextContents()).toEqual(ports);
        // Other layers have one port to speak of, and those without an order no empty box.
        expect(await page.locator(".ports:visible").count()).toBe(1);
        expect(await page.locator(".orders:visible").count()).toBe(1);

        server.get.set("/health", { body: healthOf() });
        await page.clock.runFor(2_000);
        await expect.poll(() => page.locator(".orders:visible").count()).toBe(0);
        expect(await page.locator(".ports:visible").count()).toBe(0);
      },
      { locale },
    ),
  );
});
