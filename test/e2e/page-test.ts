import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { createPagesServer, type PagesServer } from "./pages-server.ts";

export interface PageTest {
  readonly page: Page;
  readonly server: PagesServer;
}

/** Runs `test` on a page of its own with a server of its own; fails on any error that the page reported to its console. */
export async function withPage(
  browser: Promise<Browser>,
  test: (given: PageTest) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const server = await createPagesServer();
  const context = await (await browser).newContext({ locale: "en-US", reducedMotion: "reduce", ...options });
  const errors: string[] = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    page.on("pageerror", (error) => errors.push(error.message));
    // Answers such as 503 are logged by the browser itself; what the content policy refused is logged as an error too.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        errors.push(message.text());
    });
    await test({ page, server });
  } finally {
    await context.close();
    await server.stop();
  }
  if (errors.length > 0) throw new Error(`the page reported: ${errors.join("; ")}`);
}
