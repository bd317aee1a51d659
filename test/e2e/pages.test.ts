import { expect, it } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type PageTest, withPage } from "./page-test.ts";
import { healthOf, layerOf, replyOf, sourceOf, standIn } from "./pages-data.ts";
import type { Asked } from "./pages-server.ts";

const answers = (page: PageTest["page"]) => page.locator(".answer-text");
const shows = (page: PageTest["page"], text: string) => page.getByText(text).first().waitFor();

/** Opens the page, sends `message`, and returns the request for the test to answer. */
async function ask({ page, server }: PageTest, message: string): Promise<Asked> {
  if (page.url() === "about:blank") await page.goto(server.url);
  await page.locator("#message").fill(message);
  await page.keyboard.press("Enter");
  return server.asked();
}

function finish(asked: Asked, reply: ReturnType<typeof replyOf>): void {
  asked.event("done", reply);
  asked.end();
}

describeWithChromium("chat page", (browser) => {
  it("shows the answer piece by piece, then the whole", () =>
    withPage(browser(), async (given) => {
      const asked = await ask(given, "How long?");
      expect(asked.body).toEqual({ message: "How long?", turn_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
      asked.raw(': hello\r\n\r\nevent: meta\r\ndata: {"session_id":"ses_1","turn_id":"t"}\r\n\r\nevent: tok');
      await given.page.locator("#stop").waitFor();
      asked.raw('en\r\ndata: {"text":"Thirty ","by":"mock"}\r\n\r\n');
      await shows(given.page, "Thirty");
      expect(await answers(given.page).textContent()).toBe("Thirty ");
      expect(await given.page.locator(".answer").getAttribute("aria-busy")).toBe("true");
      asked.event("token", { text: "days.", by: "mock" });
      await shows(given.page, "Thirty days.");
      finish(asked, replyOf("Thirty days."));
      await shows(given.page, "Answered by mock");
      expect(await given.page.locator(".answer").getAttribute("aria-busy")).toBeNull();
      const next = await ask(given, "And then?");
      expect(next.body["session_id"]).toBe("ses_1");
    }));

  it("joins a character whose bytes arrive in two pieces", () =>
    withPage(browser(), async (given) => {
      const asked = await ask(given, "Hi");
      asked.event("token", { text: "First, ", by: "mock" });
      const event = Buffer.from('event: token\ndata: {"text":"您好","by":"mock"}\n\n');
      const inside = event.indexOf("您") + 1;
      asked.raw(event.subarray(0, inside));
      await shows(given.page, "First,");
      asked.raw(event.subarray(inside));
      await shows(given.page, "First, 您好");
    }));

  it("drops the text so far at a restart", () =>
    withPage(browser(), async (given) => {
      const asked = await ask(given, "Hi");
      asked.event("token", { text: "Half of an", by: "primary" });
      await shows(given.page, "Half of an");
      asked.event("restart", { by: "mock" });
      asked.event("token", { text: "Another answer", by: "mock" });
      await shows(given.page, "Another answer");
      expect(await answers(given.page).textContent()).toBe("Another answer");
    }));

  it("opens a source with the quote marked inside its passage", () =>
    withPage(browser(), async (given) => {
      const passage = { ...sourceOf("Ask us. Thirty days. Keep the box. Thirty days.", 100), end: 147 };
      given.server.get.set("/api/v1/sources/chunk%2F1", { body: passage });
      const asked = await ask(given, "How long?");
      finish(
        asked,
        replyOf("Thirty days.", { sources: [sourceOf("Thirty days.", 135), sourceOf("Keep the box.", 121)] }),
      );
      await given.page.locator(".sources button").waitFor();
      expect(await given.page.locator(".sources button").count()).toBe(1);
      await given.page.getByRole("button", { name: "1 Returns · Return window" }).click();
      await shows(given.page, "Ask us.");
      const quote = given.page.locator("#source-passage");
      expect(await quote.textContent()).toBe(passage.quote);
      expect(await quote.evaluate((node) => (node as unknown as { innerHTML: string }).innerHTML)).toBe(
        "Ask us. Thirty days. <mark>Keep the box.</mark> <mark>Thirty days.</mark>",
      );
      await given.page.keyboard.press("Escape");
      expect(await given.page.locator("#source").isVisible()).toBe(false);
    }));

  it("says so when the passage is gone, and still shows the quote", () =>
    withPage(browser(), async (given) => {
      given.server.get.set("/api/v1/sources/chunk%2F1", { status: 404, body: { code: "passage_not_found" } });
      finish(await ask(given, "How long?"), replyOf("Thirty days.", { sources: [sourceOf("Thirty days.", 135)] }));
      await given.page.locator(".sources button").click();
      await shows(given.page, "has been changed or removed");
      expect(await given.page.locator("#source-passage mark").textContent()).toBe("Thirty days.");
    }));

  it("badges a turn in which something stood in, and says when it is over", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      const degradation = [
        standIn("llm", "equal", "second", "timeout"),
        standIn("embeddings", "lower", "hash", "open"),
      ];
      finish(await ask(given, "One"), replyOf("First.", { degradation }));
      await shows(page, "Keyword search only");
      expect(await page.locator(".badge").allTextContents()).toEqual(["Backup model", "Keyword search only"]);
      await page.locator(".receipt summary").click();
      await shows(page, "“second” stands in, since 14 min");
      await shows(page, "did not answer in time");

      server.get.set("/health", { body: healthOf({ embeddings: layerOf({ state: "degraded" }) }) });
      finish(await ask(given, "Two"), replyOf("Second."));
      await shows(page, "Back to normal: Answers.");

      server.get.set("/health", { body: healthOf() });
      finish(await ask(given, "Three"), replyOf("Third."));
      await shows(page, "Back to normal: Finding by meaning.");
      expect(await page.locator(".receipt").count()).toBe(1);
    }));

  it("shows an error in words and tries again with the same turn", () =>
    withPage(browser(), async (given) => {
      const asked = await ask(given, "Hello");
      asked.event("error", {
        code: "model_unavailable",
        title: "No",
        detail: "All three are parked.",
        retry_after: 30,
      });
      asked.end();
      await shows(given.page, "No model can answer at the moment");
      await shows(given.page, "All three are parked.");
      await shows(given.page, "Best tried again in");
      await given.page.getByRole("button", { name: "Try again" }).click();
      const again = await given.server.asked();
      expect(again.body).toEqual(asked.body);
      finish(again, replyOf("Here I am."));
      await shows(given.page, "Here I am.");
      expect(await given.page.locator(".problem").count()).toBe(0);
    }));

  it("tells a broken connection, a refused request and a stopped answer apart", () =>
    withPage(browser(), async (given) => {
      const asked = await ask(given, "One");
      asked.event("token", { text: "Half", by: "mock" });
      await shows(given.page, "Half");
      asked.cut();
      await shows(given.page, "The connection broke off");

      const ended = await ask(given, "One more");
      ended.event("token", { text: "Half", by: "mock" });
      ended.end();
      await given.page.getByText("The connection broke off").nth(1).waitFor();

      const refused = await ask(given, "Two");
      refused.problem(429, { code: "rate_limited", title: "Too many requests", retry_after: 5 });
      await shows(given.page, "Too many messages in a short time");

      const stopped = await ask(given, "Three");
      stopped.event("token", { text: "Going on and on", by: "mock" });
      await shows(given.page, "Going on and on");
      await given.page.getByRole("button", { name: "Stop the answer" }).click();
      await stopped.closed;
      await given.page.locator(".problem.stopped").waitFor();
      expect(await given.page.getByRole("button", { name: "Try again" }).count()).toBe(4);
    }));

  it("sends nothing while an input method composes, and makes a new line with Shift", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      await page.goto(server.url);
      const box = page.locator("#message");
      await box.focus();
      const keyboard = await page.context().newCDPSession(page);
      await keyboard.send("Input.imeSetComposition", { text: "ni hao", selectionStart: 6, selectionEnd: 6 });
      await box.dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
      await box.dispatchEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true });
      expect(await page.locator(".turn").count()).toBe(0);
      await keyboard.send("Input.insertText", { text: "你好" });
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("再见");
      await page.keyboard.press("Enter");
      expect((await server.asked()).body["message"]).toBe("你好\n再见");
    }));

  it("switches the language of everything on the page, and remembers it", () =>
    withPage(browser(), async (given) => {
      const { page } = given;
      const degradation = [standIn("business", "made_up", "mock", "error")];
      finish(await ask(given, "Hi"), replyOf("Hello.", { degradation }));
      await shows(page, "Sample data");
      await page.getByRole("button", { name: "中文" }).click();
      expect(await page.locator(".badge").textContent()).toBe("示例数据");
      expect(await page.locator(".by").textContent()).toBe("由 mock 回答");
      expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
      expect(await page.locator("#message").getAttribute("placeholder")).toBe("输入消息");
      await page.evaluate("sessionStorage.clear()");
      await page.reload();
      await shows(page, "想了解什么");
    }));

  it("speaks Chinese to a Chinese browser, and asks a suggested question at a click", () =>
    withPage(
      browser(),
      async ({ page, server }) => {
        await page.goto(server.url);
        await page.getByRole("button", { name: "LK20260142" }).click();
        expect((await server.asked()).body["message"]).toContain("LK20260142");
        expect(await page.locator("#welcome").isVisible()).toBe(false);
      },
      { locale: "zh-CN" },
    ));

  it("shows the history after a reload, all pages of it, and goes on with a turn that was running", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      const turn = (id: string, message: string, status: string, reply: unknown) => ({
        turn_id: id,
        message,
        status,
        reply,
      });
      const first = [turn("a", "One", "done", replyOf("First.")), turn("b", "Two", "failed", null)];
      server.get.set("/api/v1/sessions/ses_1", { body: { items: first, next: "b" } });
      server.get.set("/api/v1/sessions/ses_1?after=b", {
        body: { items: [turn("c", "Three", "running", null)], next: null },
      });
      finish(await ask(given, "One"), replyOf("First."));
      await shows(page, "Answered by mock");
      await page.reload();
      const resumed = await server.asked();
      expect(resumed.body).toEqual({ message: "Three", turn_id: "c", session_id: "ses_1" });
      expect(await page.locator(".message").allTextContents()).toEqual(["One", "Two", "Three"]);
      await shows(page, "This message was not answered");
      finish(resumed, replyOf("Third."));
      await shows(page, "Third.");

      await page.getByRole("button", { name: "New" }).click();
      await page.locator("#welcome").waitFor();
      expect((await ask(given, "Fresh")).body["session_id"]).toBeUndefined();
    }));

  it("keeps markup as text wherever it comes from", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      const evil = `<img src=x onerror="document.title='owned'">`;
      const source = sourceOf(evil, 0, { title: evil, heading: evil, url: "javascript:alert(1)" });
      server.get.set("/api/v1/sources/chunk%2F1", { body: source });
      const escalation = { handoff_id: evil, reason: evil, priority: evil, summary: evil, tickets: [evil] };
      const degradation = [{ ...standIn(evil, evil, evil, evil) }];
      const asked = await ask(given, evil);
      asked.event("token", { text: evil, by: "mock" });
      await page.locator(".answer-text", { hasText: evil }).waitFor();
      finish(asked, replyOf(evil, { sources: [source], escalation, degradation, served_by: evil }));
      await page.locator(".sources button").click();
      await page.locator("#source-passage", { hasText: evil }).waitFor();
      expect(await page.locator(".log img, #source img, #source a").count()).toBe(0);
      expect(await page.locator(".message").textContent()).toBe(evil);
      expect(await page.title()).toBe("Understudy");
    }));

  it("shows the hand-off card plainly", () =>
    withPage(browser(), async (given) => {
      const escalation = {
        handoff_id: "HO-1",
        reason: "user_request",
        priority: "high",
        summary: "Wants a person.",
        tickets: [],
      };
      finish(await ask(given, "A human please"), replyOf("Of course.", { escalation }));
      await shows(given.page, "Handed over to a person");
      await shows(given.page, "You asked for a person");
      await shows(given.page, "HO-1");
    }));

  it("asks for a key when the server wants one, and sends it from then on", () =>
    withPage(browser(), async (given) => {
      const { page, server } = given;
      const asked = await ask(given, "Hello");
      asked.problem(401, { code: "unauthorized" });
      await page.locator("#key").fill("wrong");
      await page.keyboard.press("Enter");
      const second = await server.asked();
      second.problem(401, { code: "unauthorized" });
      await shows(page, "That key was not accepted.");
      await page.locator("#key").fill("right");
      await page.getByRole("button", { name: "Use this key" }).click();
      const third = await server.asked();
      expect([asked.authorization, second.authorization, third.authorization]).toEqual([
        undefined,
        "Bearer wrong",
        "Bearer right",
      ]);
      expect(third.body).toEqual(asked.body);
    }));
});
