import { expect, it } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type PageTest, withPage } from "./page-test.ts";
import { replyOf } from "./pages-data.ts";

/** Asks, answers with these counts, and returns the lines below the answer. */
async function linesOf({ page, server }: PageTest, grounding?: Readonly<Record<string, number>>) {
  if (page.url() === "about:blank") await page.goto(server.url);
  await page.locator("#message").fill("How long?");
  await page.keyboard.press("Enter");
  const asked = await server.asked();
  asked.event("done", replyOf("Thirty days.", grounding && { grounding }));
  asked.end();
  const answer = page.locator(".answer").last();
  await answer.locator(".by").waitFor();
  return answer.locator(".grounding").allTextContents();
}

describeWithChromium("what the page says of an answer that was held against its sources", (browser) => {
  it("is nothing where all of it is in them, or nothing was to be checked", () =>
    withPage(browser(), async (given) => {
      expect(await linesOf(given)).toEqual([]);
      expect(await linesOf(given, { checked: 3, dropped: 0, doubted: 0 })).toEqual([]);
    }));

  it("is a quiet line for what was left out, and one for what is doubtful, in the language of the page", () =>
    withPage(browser(), async (given) => {
      expect(await linesOf(given, { checked: 3, dropped: 1, doubted: 2 })).toEqual([
        "One sentence was left out: it had a figure that the sources do not have.",
        "2 sentences are not quite what the sources say; go by the sources.",
      ]);
    }));

  it("is said in Chinese on the Chinese page", () =>
    withPage(
      browser(),
      async (given) => {
        expect(await linesOf(given, { checked: 3, dropped: 2, doubted: 0 })).toEqual([
          "有 2 句话未显示：其中的数字在来源里找不到。",
        ]);
      },
      { locale: "zh-CN" },
    ));
});
