import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";
import { startSplitModel } from "./split-model.ts";

const QUESTION = "How long do I have to return something?";
const patience = { timeout: 60_000, interval: 10 };

vi.setConfig({ testTimeout: 90_000 });

/** A server that can be started again at the same address and with the same data. */
async function rig() {
  const directory = mkdtempSync(join(tmpdir(), "understudy-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const model = await startSplitModel();
  let port = "0";
  const start = async () => {
    const clock = createManualClock();
    const app = await testApp(
      { clock },
      { GRAPH_ENGINE: "sequential", LLM_MODEL: "a", LLM_BASE_URL: model.url, DATA_DIR: directory, PORT: port },
    );
    const url = await app.listen();
    ({ port } = new URL(url));
    let closed = false;
    const close = async (graceMs: number) => {
      if (closed) return true;
      closed = true;
      return app.close(graceMs);
    };
    onTestFinished(async () => void (await close(0)));
    return { url, clock, close };
  };
  return { model, start };
}

describeWithChromium("fault 56: the chat page and a server that ends", (browser) => {
  it.each([
    ["en-US", "The server is restarting. The answer goes on by itself."],
    ["zh-CN", "服务器正在重启，回答会自动继续。"],
  ])(
    "%s: keeps what it shows, says so, and goes on by itself with the same turn at the next one",
    async (locale, words) => {
      const { model, start } = await rig();
      model.writer.fault("stall-2");
      const first = await start();
      const context = await (await browser()).newContext({ locale, reducedMotion: "reduce" });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      const turnIds = new Set<unknown>();
      page.on("request", (request) => {
        if (request.url().endsWith("/chat/stream"))
          turnIds.add((request.postDataJSON() as { turn_id: string }).turn_id);
      });
      await page.goto(first.url);
      await page.locator("#message").fill(QUESTION);
      await page.keyboard.press("Enter");
      const answer = page.locator(".answer-text").last();
      await vi.waitFor(async () => expect((await answer.textContent()) ?? "").not.toBe(""), patience);
      const part = await answer.textContent();

      const closed = first.close(1_000);
      await page.getByText(words).waitFor({ timeout: patience.timeout });
      expect(await answer.textContent()).toBe(part);
      await first.clock.advance(1_000);
      expect(await closed).toBe(false);
      expect(await page.locator(".problem").count()).toBe(0);
      expect(await answer.textContent()).toBe(part);

      model.writer.fault(undefined);
      await start();
      await page.locator(".turn .by").waitFor({ timeout: patience.timeout });
      expect(await page.getByText(words).count()).toBe(0);
      expect(await page.locator(".problem").count()).toBe(0);
      expect(await page.locator(".turn").count()).toBe(1);
      expect(((await answer.textContent()) ?? "").length).toBeGreaterThan((part ?? "").length);
      expect(turnIds.size).toBe(1);
    },
  );
});
