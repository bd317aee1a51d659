import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, describe, it } from "vitest";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

// Headless, and silent: a test talks to its own server and to nobody else.
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where Chromium is on this machine (`CHROMIUM_PATH`, /usr/bin, then PATH); undefined when it is not found. */
export function chromiumPath(): string | undefined {
  const given = process.env["CHROMIUM_PATH"];
  if (given) return existsSync(given) ? given : undefined;
  return names.map((name) => `/usr/bin/${name}`).find((path) => existsSync(path)) ?? onPath();
}

function onPath(): string | undefined {
  for (const name of names) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // `which` ends with 1 for a name that it does not find: the next one.
    }
  }
  return undefined;
}

/**
 * A suite that needs Chromium; `browser()` gives the one that it shares, which the first test starts. Where none is found, the suite is skipped and says
 * so; with REQUIRE_SERVICES=1 it fails instead.
 */
export function describeWithChromium(name: string, suite: (browser: () => Promise<Browser>) => void): void {
  const executablePath = chromiumPath();
  if (executablePath !== undefined) {
    describe(name, () => {
      let browser: Promise<Browser> | undefined;
      afterAll(async () => (await browser)?.close());
      suite(() => {
        browser ??= chromium.launch({ executablePath, args: flags });
        return browser;
      });
    });
    return;
  }
  const reason = `Chromium was not found (CHROMIUM_PATH, /usr/bin, PATH: ${names.join(", ")})`;
  if (process.env["REQUIRE_SERVICES"] === "1") {
    it(`${name}: needs Chromium`, () => {
      throw new Error(`${reason}, and REQUIRE_SERVICES=1 asks for it`);
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  describe.skip(`${name} (${reason})`, () => suite(() => neverLaunched(reason)));
}

function neverLaunched(reason: string): never {
  throw new Error(reason);
}
