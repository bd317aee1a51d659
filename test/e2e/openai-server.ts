import { expect, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { testApp } from "../support/test-app.ts";

const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));

/** The whole server for one test, without a model of anybody's. */
export async function startChain(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string }> {
  const app = await testApp({ clock: systemClock, newId: () => crypto.randomUUID().replaceAll("-", "") }, environment);
  onTestFinished(async () => void (await app.close(1_000)));
  return { url: await app.listen() };
}

/**
 * The whole server before two models. The first one writes replies, the second one does the rest, and writes when the first one
 * cannot: so a fault of the first one meets replies alone.
 */
export async function startWithModels(environment: Readonly<Record<string, string>> = {}): Promise<{
  readonly url: string;
  readonly primary: FakeModel;
  readonly secondary: FakeModel;
}> {
  const [primary, secondary] = await Promise.all([model(), model()]);
  const { url } = await startChain({
    LLM_PRIORITY_ORDER: "primary,secondary",
    LLM_CALLERS: "recognise:secondary,plan:secondary,compose:primary+secondary",
    PRIMARY_LLM_MODEL: "fake",
    PRIMARY_LLM_BASE_URL: primary.url,
    SECONDARY_LLM_MODEL: "fake",
    SECONDARY_LLM_BASE_URL: secondary.url,
    // These tests are not about limits, and a busy machine is slow.
    REQUEST_TIMEOUT_SECONDS: "300",
    ...limitsOf("PRIMARY"),
    ...limitsOf("SECONDARY"),
    ...environment,
  });
  // The first call of a process loads the vendor's package, which can cost a model its turn on a busy machine.
  const client = createClient(url);
  await vi.waitFor(async () => expect((await client.chat({ message: "Hello" })).served_by).toBe("primary"), {
    timeout: 25_000,
    interval: 100,
  });
  return { url, primary, secondary };
}

function limitsOf(name: string): Readonly<Record<string, string>> {
  const limits = ["TIMEOUT_SECONDS", "FIRST_TOKEN_SECONDS", "IDLE_SECONDS"];
  return Object.fromEntries(limits.map((limit) => [`${name}_LLM_${limit}`, "300"]));
}

async function model(): Promise<FakeModel> {
  const fake = await startFakeModel({ answer: createRehearsedAnswer(packs) });
  onTestFinished(() => fake.close());
  return fake;
}

/** A `fetch` that counts, to see what a client's package repeats by itself. */
export function countingFetch(): { readonly fetch: typeof fetch; readonly count: () => number } {
  let count = 0;
  return {
    fetch: (input, init) => {
      count += 1;
      return fetch(input, init);
    },
    count: () => count,
  };
}
