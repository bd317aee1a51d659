import { expect, it, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { describeWithChromium } from "../support/chromium.ts";
import { testApp } from "../support/test-app.ts";

describeWithChromium("the pages of a real server", (browser) => {
  it("a sourced answer with a badge while a layer is away, the status in words, and no badge once it is back", async () => {
    const app = await testApp({ clock: systemClock }, { FAULTS: "embeddings:refuse" });
    const url = await app.listen();
    const context = await (await browser()).newContext({ locale: "en-US", reducedMotion: "reduce" });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    try {
      await page.goto(url);
      const ask = async (message: string) => {
        await page.locator("#message").fill(message);
        await page.keyboard.press("Enter");
      };
      await ask("How long do I have to return unopened goods?");
      await page.getByText("within 30 days of delivery").waitFor();
      await page.getByText("Keyword search only").waitFor();
      await page.getByRole("button", { name: /Returning unopened goods/ }).click();
      await page.locator("#source-passage mark").first().waitFor();
      expect(await page.locator("#source-passage mark").first().textContent()).toBe(
        "Unopened goods can be returned within 30 days of delivery.",
      );
      await page.keyboard.press("Escape");

      await page.goto(`${url}/status`);
      await page.getByText("Working, with limits").waitFor();
      await page.getByText("a question in quite other words may find less").waitFor();

      app.faults.set([]);
      // The passages get their vectors first, in the background.
      await vi.waitFor(() => expect(app.statuses().filter(({ state }) => state !== "ok")).toEqual([]), 20_000);
      await page.goto(url);
      await page.getByText("within 30 days of delivery").waitFor();
      await ask("退款到银行卡要多久？");
      await page.getByText("验货通过后3到5个工作日到账").waitFor();
      expect(await page.getByText("Keyword search only").count()).toBe(1);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await app.close();
    }
  });
});
