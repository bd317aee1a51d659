import type { Page } from "playwright-core";
import { expect, it, onTestFinished, vi } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";
import { COMPLETIONS, startSplitModel } from "./split-model.ts";

const QUESTION = "How long do I have to return something?";
const patience = { timeout: 20_000, interval: 10 };

/** The page of a real server, reached through a proxy that can lose the connection. No time passes on the server. */
async function rig(browserPage: (url: string) => Promise<Page>) {
  const model = await startSplitModel();
  const app = await testApp(
    { clock: createManualClock() },
    { GRAPH_ENGINE: "sequential", LLM_MODEL: "a", LLM_BASE_URL: model.url },
  );
  const target = Number(new URL(await app.listen()).port);
  onTestFinished(async () => void (await app.close()));
  const proxy = await startFaultProxy({ target, slowMs: 0 });
  onTestFinished(() => proxy.close());
  const page = await browserPage(`http://127.0.0.1:${proxy.port}`);
  const answer = page.locator(".answer-text").last();
  return {
    app,
    model,
    proxy,
    page,
    answer,
    /** Asks, and waits until the first words are there while the model still writes. */
    ask: async () => {
      await page.locator("#message").fill(QUESTION);
      await page.keyboard.press("Enter");
      await vi.waitFor(async () => expect((await answer.textContent()) ?? "").not.toBe(""), patience);
    },
    answered: () => page.locator(".turn .by").waitFor({ timeout: patience.timeout }),
  };
}

describeWithChromium("the chat page and a connection that breaks", (browser) => {
  async function open(url: string): Promise<Page> {
    const context = await (await browser()).newContext({ locale: "en-US", reducedMotion: "reduce" });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  it("goes on where it broke when the connection is back, with one turn and one reply of the model", async () => {
    const { model, proxy, page, answer, ask, answered } = await rig(open);
    model.writer.fault("drip-60");
    const places: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/chat/stream")) places.push(request.headers()["last-event-id"]);
    });
    await ask();
    await proxy.set("refuse");
    const part = (await answer.textContent()) ?? "";
    expect(model.writer.open).toBe(1);
    await proxy.set("pass");
    // Everything that is ever on show begins with the part: nothing is lost, said twice or begun anew.
    await vi.waitFor(async () => {
      const text = (await answer.textContent()) ?? "";
      expect(text.startsWith(part)).toBe(true);
      expect(text.length).toBeGreaterThan(part.length);
    }, patience);
    await answered();
    expect(await page.locator(".problem").count()).toBe(0);
    // It asked for the rest, not for everything once more.
    expect(places[0]).toBeUndefined();
    expect(places.slice(1).every((id) => id !== undefined && /-\d+$/.test(id))).toBe(true);
    expect(places.length).toBeGreaterThan(1);
    expect(await page.locator(".turn").count()).toBe(1);
    expect(model.writer.count(COMPLETIONS)).toBe(1);
  });

  it("shows the whole answer after a reload in the middle of it", async () => {
    const { model, page, answer, ask, answered } = await rig(open);
    model.writer.fault("drip-60");
    await ask();
    const part = (await answer.textContent()) ?? "";
    await page.reload();
    await answered();
    expect(((await answer.textContent()) ?? "").startsWith(part)).toBe(true);
    expect(model.writer.count(COMPLETIONS)).toBe(1);
  });

  it("tells the server to stop, which ends the reply of the model although no time passes", async () => {
    const { model, page, ask } = await rig(open);
    model.writer.fault("stall-2");
    await ask();
    expect(model.writer.open).toBe(1);
    await page.getByRole("button", { name: "Stop the answer" }).click();
    await page.locator(".problem.stopped").waitFor();
    await vi.waitFor(() => expect(model.writer.open).toBe(0), patience);
  });
});
