import { expect, it } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type PageTest, withPage } from "./page-test.ts";
import { replyOf, sourceOf } from "./pages-data.ts";

const { quote, ...place } = sourceOf("Fridges come by van.", 40, { title: "Delivery", heading: "Large items" });
const other = { ...place, chunk_id: "chunk/2", title: "Fees", heading: "" };
const passage = { ...place, quote };

/** Asks, and refuses with these places. */
async function refuse({ page, server }: PageTest, related: readonly object[] | undefined) {
  if (page.url() === "about:blank") await page.goto(server.url);
  await page.locator("#message").fill("Do you take old fridges away?");
  await page.keyboard.press("Enter");
  const asked = await server.asked();
  asked.event("done", replyOf("I do not know.", { related }));
  asked.end();
  const answer = page.locator(".answer").last();
  await answer.locator(".by").waitFor();
  return answer;
}

describeWithChromium("where the page says that an answer may be", (browser) => {
  it("is a line of links that are not numbered like sources, and open the section by keyboard", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      server.get.set("/api/v1/sources/chunk%2F1", { body: passage });
      // A server of the version before names none.
      for (const none of [[], undefined]) expect(await (await refuse(given, none)).locator(".related").count()).toBe(0);
      const answer = await refuse(given, [place, other]);
      expect(await answer.locator(".related-label").textContent()).toBe("Perhaps here:");
      const links = answer.getByRole("list", { name: "Sections that may help" }).getByRole("button");
      expect(await links.allTextContents()).toEqual(["Delivery · Large items", "Fees"]);
      await links.first().focus();
      await page.keyboard.press("Enter");
      await page.locator("#source-passage", { hasText: quote }).waitFor();
      expect(await page.locator("#source-eyebrow").textContent()).toBe("This section may help");
      expect(await page.locator("#source-title").textContent()).toBe("Delivery");
      expect(await page.locator("#source-passage mark").count()).toBe(0);
      await page.keyboard.press("Escape");
      expect(await links.first().evaluate((link) => link === link.ownerDocument.activeElement)).toBe(true);
    }));

  it("says so when the section is gone, with nothing in the place of its words", () =>
    withPage(browser(), async (given) => {
      given.server.get.set("/api/v1/sources/chunk%2F1", { status: 404, body: { code: "passage_not_found" } });
      const answer = await refuse(given, [place]);
      await answer.locator(".related button").click();
      await given.page.getByText("This section has been changed or removed since.").waitFor();
      expect(await given.page.locator("#source-passage").textContent()).toBe("");
    }));

  it("is said in Chinese on the Chinese page, and again in English after a switch", () =>
    withPage(
      browser(),
      async (given) => {
        const answer = await refuse(given, [place]);
        expect(await answer.locator(".related-label").textContent()).toBe("也许在这里：");
        given.server.get.set("/api/v1/sources/chunk%2F1", { body: { ...passage, quote: "冰箱由专车配送。" } });
        await answer.locator(".related button").click();
        await given.page.locator("#source-passage", { hasText: "冰箱由专车配送。" }).waitFor();
        expect(await given.page.locator("#source-passage").getAttribute("lang")).toBe("zh-CN");
        await given.page.keyboard.press("Escape");
        await given.page.locator("#language").click();
        expect(await answer.locator(".related-label").textContent()).toBe("Perhaps here:");
        await answer.getByRole("list", { name: "Sections that may help" }).waitFor();
      },
      { locale: "zh-CN" },
    ));

  it("keeps markup as text, and opens no link that is none", () =>
    withPage(browser(), async (given) => {
      const evil = `<img src=x onerror="document.title='owned'">`;
      const answer = await refuse(given, [{ ...place, title: evil, heading: evil, url: "javascript:alert(1)" }]);
      await answer.locator(".related button").click();
      await given.page.locator("#source-title", { hasText: evil }).waitFor();
      expect(await given.page.locator(".log img, #source img, #source a").count()).toBe(0);
      expect(await given.page.title()).toBe("Understudy");
    }));
});
