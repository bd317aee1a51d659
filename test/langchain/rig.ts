import { ChatOpenAI } from "@langchain/openai";
import { onTestFinished } from "vitest";
import type { LayerEvent } from "../../src/fallbacks/core/events.ts";
import { FailoverChatModel, type FailoverMember, type FailoverPolicy } from "../../src/index.ts";
import { type FakeModel, type FakeModelOptions, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createManualClock } from "../support/manual-clock.ts";

export const COMPLETIONS = "/v1/chat/completions";

/** A fake model server that closes with the test. */
export async function startFake(options: FakeModelOptions = {}): Promise<FakeModel> {
  const fake = await startFakeModel(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** As users make it: with the six retries of LangChain's defaults, which must not be heard of. */
export function openAi(fake: Pick<FakeModel, "url">, model = "fake", more: { streaming?: boolean } = {}): ChatOpenAI {
  return new ChatOpenAI({ model, apiKey: "sk-test-0123456789", configuration: { baseURL: fake.url }, ...more });
}

/** Two models on two servers before a clock that the test moves, so that no limit is reached by itself. */
export async function startPair(policy: FailoverPolicy = {}) {
  const [first, second] = [
    await startFake({ answer: () => "The first model speaks." }),
    await startFake({ answer: () => "The second model speaks." }),
  ];
  return { first, second, ...createRig([["first", first] as const, ["second", second] as const], policy) };
}

export function createRig(
  servers: readonly (readonly [name: string, fake: Pick<FakeModel, "url">, more?: Partial<FailoverMember>])[],
  policy: FailoverPolicy = {},
) {
  const clock = createManualClock();
  const events: LayerEvent[] = [];
  const members = servers.map(([name, fake, more]) => ({ name, model: openAi(fake), ...more }));
  const model = new FailoverChatModel({
    models: members,
    clock,
    // The longest of each jittered time.
    random: () => 1 - Number.EPSILON,
    onEvent: (event) => void events.push(event),
    ...policy,
  });
  onTestFinished(() => model.close());
  return { clock, events, model, members };
}

/** What was thrown; fails the test when nothing was. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  const settled = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in settled) throw new Error(`expected an error, got ${JSON.stringify(settled.value)}`);
  return settled.error;
}

/** All tokens of a reply; LangChain's own type of them is `never` under the compiler's strict options. */
export function tokensIn(message: object): number {
  const { usage_metadata } = message as { readonly usage_metadata?: { readonly total_tokens: number } };
  return usage_metadata?.total_tokens ?? 0;
}
