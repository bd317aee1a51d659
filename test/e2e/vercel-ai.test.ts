import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, streamText } from "ai";
import { describe, expect, it, vi } from "vitest";
import { countingFetch, startChain, startWithModels } from "./openai-server.ts";

const question = "How long is the warranty on the battery?";

/** As docs/openai-api.md shows it: the receipt comes out as metadata of the provider. */
function receiptOf(body: unknown) {
  const receipt = (body as { readonly understudy?: { readonly served_by: string } } | undefined)?.understudy;
  return receipt && { understudy: { servedBy: receipt.served_by } };
}

function modelOf(url: string, custom?: typeof fetch) {
  return createOpenAICompatible({
    name: "understudy",
    baseURL: `${url}/v1`,
    includeUsage: true,
    ...(custom && { fetch: custom }),
    metadataExtractor: {
      extractMetadata: async ({ parsedBody }) => receiptOf(parsedBody),
      createStreamExtractor() {
        let found: ReturnType<typeof receiptOf>;
        return {
          processChunk(chunk) {
            found = receiptOf(chunk) ?? found;
          },
          buildMetadata: () => found,
        };
      },
    },
  })("understudy");
}

describe("the Vercel AI SDK", () => {
  it("generates, with tokens, headers and who wrote it", async () => {
    const { url, primary, secondary } = await startWithModels();
    const { text, finishReason, usage, response, providerMetadata } = await generateText({
      model: modelOf(url),
      system: "You are a pirate.",
      prompt: question,
    });
    expect(text).toContain("6 months");
    expect(finishReason).toBe("stop");
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(response.modelId).toBe("understudy");
    expect(response.headers?.["x-served-by"]).toBe("primary");
    expect(providerMetadata).toMatchObject({ understudy: { servedBy: "primary" } });
    // Instructions of a client reach no model.
    const seen = JSON.stringify([...primary.requests, ...secondary.requests]);
    expect(seen).toContain("warranty on the battery");
    expect(seen).not.toContain("pirate");
  });

  it("streams, with tokens and who wrote it", async () => {
    const { url } = await startWithModels();
    const result = streamText({ model: modelOf(url), prompt: question });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toContain("6 months");
    expect(await result.finishReason).toBe("stop");
    expect((await result.usage).totalTokens).toBeGreaterThan(0);
    expect(await result.providerMetadata).toMatchObject({ understudy: { servedBy: "primary" } });
  });

  it("goes on with a conversation, in parts", async () => {
    const { url } = await startChain();
    const { text } = await generateText({
      model: modelOf(url),
      messages: [
        { role: "user", content: [{ type: "text", text: "Where is my order LK20260142?" }] },
        { role: "assistant", content: [{ type: "text", text: "It is on its way." }] },
        { role: "user", content: "When will it arrive?" },
      ],
    });
    expect(text).toContain("LK20260142");
    expect(text).not.toContain("LK20260155");
  });

  it("has an error among the parts, and no end of an answer, when the model breaks off after its first words", async () => {
    const { url, primary } = await startWithModels();
    primary.fault("cut-2");
    const errors: unknown[] = [];
    const result = streamText({
      model: modelOf(url),
      prompt: question,
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    const types: string[] = [];
    let finish: string | undefined;
    for await (const part of result.fullStream) {
      types.push(part.type);
      if (part.type === "finish") finish = part.finishReason;
    }
    expect(types).toContain("text-delta");
    expect(types).toContain("error");
    expect(finish).toBe("error");
    expect(JSON.stringify(errors)).toContain("model_unavailable");
  });

  it("fault 23: gives the status, the words and the time to wait when all models are away", async () => {
    const { url, primary, secondary } = await startWithModels({ LLM_FALLBACK: "none" });
    primary.fault("500");
    secondary.fault("500");
    const { fetch, count } = countingFetch();
    const error: unknown = await generateText({ model: modelOf(url, fetch), prompt: question, maxRetries: 0 }).catch(
      (thrown: unknown) => thrown,
    );
    if (!APICallError.isInstance(error)) throw new Error("no APICallError", { cause: error });
    expect(error.statusCode).toBe(503);
    expect(error.message).toContain("no model could answer");
    expect(Number(error.responseHeaders?.["retry-after"])).toBeGreaterThan(0);
    expect(count()).toBe(1);
  });

  it("fault 58: ends the call of the model when it is aborted", async () => {
    const { url, primary } = await startWithModels();
    primary.fault("stall-2");
    const client = new AbortController();
    const result = streamText({ model: modelOf(url), prompt: question, abortSignal: client.signal });
    for await (const part of result.fullStream) if (part.type === "text-delta") client.abort();
    await vi.waitFor(() => expect(primary.open).toBe(0), { timeout: 10_000 });
  });
});
