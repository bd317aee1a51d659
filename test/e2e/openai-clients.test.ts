import OpenAI from "openai";
import { describe, expect, it, vi } from "vitest";
import { createClient } from "../../src/rehearsal/client.ts";
import { countingFetch, startChain, startWithModels } from "./openai-server.ts";

const question = "How long is the warranty on the battery?";
const asked = { model: "understudy", messages: [{ role: "user" as const, content: question }] };

function clientOf(url: string, more: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "not looked at", ...more });
}

/** Our field, which the types of the package do not know. */
function receiptOf(value: object | undefined): Readonly<Record<string, unknown>> {
  if (!value || !("understudy" in value)) return {};
  return value.understudy as Readonly<Record<string, unknown>>;
}

async function failure(promise: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await Promise.resolve(promise).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error("no APIError", { cause: error });
  return error;
}

describe("the openai package", () => {
  it("lists the models, and gets an answer with sources, headers and tokens", async () => {
    const { url } = await startWithModels({ LLM_TIERS: "premium:primary+secondary,standard:secondary" });
    const client = clientOf(url);
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["understudy", "understudy/premium", "understudy/standard"]);
    const { data, response, request_id } = await client.chat.completions.create(asked).withResponse();
    expect(data.choices[0]?.message.content).toContain("6 months");
    expect(data.choices[0]?.finish_reason).toBe("stop");
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    expect(data.model).toBe("understudy");
    expect(response.headers.get("x-served-by")).toBe("primary");
    expect(request_id).toBe(response.headers.get("x-request-id"));
    expect(receiptOf(data)).toMatchObject({ served_by: "primary", degradation: [], intents: ["knowledge_qa"] });
    expect(receiptOf(data)["sources"]).not.toEqual([]);
    const standard = await client.chat.completions.create({ ...asked, model: "understudy/standard" });
    expect(standard.model).toBe("understudy/standard");
    expect(receiptOf(standard)).toMatchObject({ served_by: "secondary" });
  });

  it("streams the same answer, piece by piece, with the tokens and the receipt at the end", async () => {
    const { url } = await startWithModels();
    const client = clientOf(url);
    // What a message is about is asked once, so the first answer costs more tokens than the others.
    await client.chat.completions.create(asked);
    const whole = await client.chat.completions.create(asked);
    const stream = await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").filter((piece) => piece !== "");
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toBe(whole.choices[0]?.message.content);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(whole.usage?.total_tokens);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(receiptOf(chunks.at(-2))).toMatchObject({ served_by: "primary" });
  });

  it("its stream helper finds the whole message", async () => {
    const { url } = await startChain();
    const helper = clientOf(url).chat.completions.stream(asked);
    expect(await helper.finalContent()).toContain("6 months");
  });

  it("gives a history, which is what the question is about, in English and Chinese", async () => {
    const { url } = await startChain();
    const client = clientOf(url);
    const follow = async (first: string, second: string) => {
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: first }];
      const { choices } = await client.chat.completions.create({ model: "understudy", messages });
      messages.push(
        { role: "assistant", content: choices[0]?.message.content ?? "" },
        { role: "user", content: second },
      );
      return (await client.chat.completions.create({ model: "understudy", messages })).choices[0]?.message.content;
    };
    // Without the history the question is about every order.
    const other = "LK20260155";
    for (const [first, second] of [
      ["Where is my order LK20260142?", "When will it arrive?"],
      ["我的订单LK20260142到哪了？", "什么时候能到？"],
    ] as const) {
      const answer = await follow(first, second);
      expect(answer).toContain("LK20260142");
      expect(answer).not.toContain(other);
    }
    const messages = [{ role: "user" as const, content: "When will it arrive?" }];
    const alone = await client.chat.completions.create({ model: "understudy", messages });
    expect(alone.choices[0]?.message.content).toContain(other);
  });

  it("leaves a session of its own for each request, where a person finds the question that was handed over", async () => {
    const { url } = await startChain();
    const reply = await clientOf(url).chat.completions.create({
      ...asked,
      messages: [{ role: "user", content: "I want to talk to a human" }],
      user: "ada",
    });
    const { session_id: id, escalation } = receiptOf(reply);
    expect(escalation).toMatchObject({ session_id: id, user: "ada", reason: "user_request" });
    const session = await fetch(`${url}/api/v1/sessions/${String(id)}?user=ada`);
    expect(await session.json()).toMatchObject({ items: [{ message: "I want to talk to a human", status: "done" }] });
    expect((await fetch(`${url}/api/v1/sessions/${String(id)}`)).status).toBe(404);
  });

  it("fault 61: the same request under the same key is one turn, at the same time and afterwards, whole and streamed", async () => {
    const { url } = await startChain();
    const client = clientOf(url);
    const ticket = { ...asked, messages: [{ role: "user" as const, content: "My kettle is broken, open a ticket" }] };
    const options = { headers: { "Idempotency-Key": "once" } };
    const [first, second] = await Promise.all([1, 2].map(() => client.chat.completions.create(ticket, options)));
    let streamed = "";
    for await (const { id, choices } of await client.chat.completions.create({ ...ticket, stream: true }, options)) {
      expect(id).toBe("chatcmpl-once");
      streamed += choices[0]?.delta.content ?? "";
    }
    const text = first?.choices[0]?.message.content;
    expect(text).toMatch(/TK-[0-9A-Z]{8}/);
    expect([second?.choices[0]?.message.content, streamed]).toEqual([text, text]);
    const { items } = (await (await fetch(`${url}/api/v1/sessions`)).json()) as { readonly items: readonly unknown[] };
    expect(items).toHaveLength(1);
  });

  it("changes nothing because of what a client says was shown, and does where this server has shown it", async () => {
    const { url } = await startChain();
    const said = ["I want to return order LK20260129, it is broken", "yes"];
    const messages: OpenAI.ChatCompletionMessageParam[] = [];
    for (const content of said) {
      messages.push({ role: "user", content });
      const { choices } = await clientOf(url).chat.completions.create({ model: "understudy", messages });
      messages.push({ role: "assistant", content: choices[0]?.message.content ?? "" });
    }
    const replies = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    expect(replies[0]).toContain("confirm the return of order LK20260129");
    expect(replies[1]).not.toMatch(/RT\d{6}/);

    const native = createClient(url);
    const { session_id } = await native.chat({ message: said[0] ?? "" });
    expect((await native.chat({ message: "yes", session_id })).reply).toMatch(/RT\d{6}/);
  });

  it("throws its own errors for ours, and repeats none that would end the same", async () => {
    const { url } = await startChain({ AUTH_MODE: "required", API_KEYS: "user:a-key-of-twenty-characters" });
    const { fetch, count } = countingFetch();
    const client = clientOf(url, { apiKey: "a-key-of-twenty-characters", fetch });
    const wrongKey = await failure(clientOf(url, { fetch }).chat.completions.create(asked));
    expect(wrongKey).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(wrongKey.code).toBe("invalid_api_key");
    const noModel = await failure(client.chat.completions.create({ ...asked, model: "gpt-4o" }));
    expect(noModel).toBeInstanceOf(OpenAI.NotFoundError);
    expect([noModel.code, noModel.param]).toEqual(["model_not_found", "model"]);
    const tools = await failure(
      client.chat.completions.create({ ...asked, tools: [{ type: "function", function: { name: "f" } }] }),
    );
    expect(tools).toBeInstanceOf(OpenAI.BadRequestError);
    expect([tools.type, tools.param]).toEqual(["invalid_request_error", "tools"]);
    expect(count()).toBe(3);
  });

  it("fault 23: all models are away and nothing may stand in: 503 with the time to wait, asked once", async () => {
    const { url, primary, secondary } = await startWithModels({ LLM_FALLBACK: "none" });
    primary.fault("429-retry-after-90");
    secondary.fault("429-retry-after-70");
    for (const stream of [false, true]) {
      const { fetch, count } = countingFetch();
      const error = await failure(clientOf(url, { fetch }).chat.completions.create({ ...asked, stream }));
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect([error.status, error.code]).toEqual([503, "model_unavailable"]);
      // The shorter of the two waits that the models asked for.
      const wait = Number(error.headers?.get("retry-after"));
      expect(wait).toBeGreaterThan(30);
      expect(wait).toBeLessThanOrEqual(70);
      expect(count()).toBe(1);
    }
  });

  it("does not notice that a model failed before its first word, except in the receipt", async () => {
    const { url, primary } = await startWithModels();
    primary.fault("cut-0");
    const { data, response } = await clientOf(url)
      .chat.completions.create({ ...asked, stream: true })
      .withResponse();
    let text = "";
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toContain("6 months");
    expect(response.headers.get("x-served-by")).toBe("secondary");
  });

  it.each(["cut-2", "reset-2", "malformed", "error-in-stream", "no-terminator"])(
    "is thrown an error when the model breaks off after its first words (%s), and is never given two models' words in one",
    async (fault) => {
      const { url, primary } = await startWithModels();
      const client = clientOf(url);
      const right = (await client.chat.completions.create(asked)).choices[0]?.message.content ?? "";
      primary.fault(fault);
      const stream = await client.chat.completions.create({ ...asked, stream: true });
      let text = "";
      let finished = false;
      const error = await failure(
        (async () => {
          for await (const { choices } of stream) {
            text += choices[0]?.delta.content ?? "";
            finished ||= choices[0]?.finish_reason != null;
          }
        })(),
      );
      expect(error.code).toBe("model_unavailable");
      expect(finished).toBe(false);
      expect(text).not.toBe("");
      expect(right.startsWith(text)).toBe(true);
      // The next one is whole again, by the other model or the same.
      primary.fault(undefined);
      expect((await client.chat.completions.create(asked)).choices[0]?.message.content).toBe(right);
    },
  );

  it("fault 58: a client that hangs up ends the call of the model", async () => {
    const { url, primary } = await startWithModels();
    primary.fault("stall-2");
    const stream = await clientOf(url).chat.completions.create({ ...asked, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await vi.waitFor(() => expect(primary.open).toBe(0), { timeout: 10_000 });
  });
});
