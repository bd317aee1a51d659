import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpBusiness } from "../../../src/fallbacks/business/http.ts";
import { type Business, refusalReasons, returnReasons } from "../../../src/fallbacks/business/port.ts";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { type FakeBusiness, startFakeBusiness } from "../../../src/rehearsal/fake-business.ts";
import { createManualClock } from "../../support/manual-clock.ts";

interface Message {
  /** `GET /orders/LK1`, or the status. */
  readonly start: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Example {
  readonly title: string;
  readonly request: Message;
  readonly reply: Message;
}

const page = readFileSync(new URL("../../../docs/business-api.md", import.meta.url), "utf8");
const examples: readonly Example[] = [
  ...page.matchAll(/^### (.+)\n\n```http\n([^`]+)\n```\n\n```http\n([^`]+)\n```$/gm),
].map(([, title = "", request = "", reply = ""]) => ({ title, request: parse(request), reply: parse(reply) }));

function parse(text: string): Message {
  const [head = "", body] = text.split("\n\n");
  const [start = "", ...lines] = head.split("\n");
  const headers = lines.map((line) => line.split(": ") as [string, string]);
  return {
    start,
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    body: body === undefined ? undefined : (JSON.parse(body) as unknown),
  };
}

const context = () => createContext({ clock: createManualClock(), requestId: "docs", deadlineMs: 10_000 });
const notFound = { status: "not_found", sample: false };

/** Each example as the call that makes it, and a part of what it becomes. */
const calls: Readonly<Record<string, readonly [(business: Business) => Promise<unknown>, object?]>> = {
  "An order": [
    (business) => business.order("guest", "lk20260117", context()),
    { status: "found", sample: false, record: { orderId: "LK20260117", total: { amount: "428.00" } } },
  ],
  "The latest orders": [
    (business) => business.orders("alice", context()),
    { status: "found", record: [{ orderId: "LK20260131" }] },
  ],
  "A return": [
    (business) => business.returnCase("guest", "RT204377", context()),
    { status: "found", record: { status: "refunded", refund: { amount: "169.00" } } },
  ],
  "A user whom the shop does not know": [(business) => business.member("张伟", context()), notFound],
  "A membership": [
    (business) => business.member("guest", context()),
    { status: "found", record: { level: "silver", points: 1280, phone: "138****1234" } },
  ],
  "An account": [
    (business) => business.account("guest", context()),
    { status: "found", record: { balance: { amount: "115.00", currency: "CNY" }, openBills: 0 } },
  ],
  "Requesting a return": [
    (business) =>
      business.createReturn("guest", { orderId: "LK20260129", reason: "changed_mind" }, "example-create", context()),
    { status: "done", record: { returnId: "RT300001", status: "requested" } },
  ],
  "A return that is refused": [
    (business) =>
      business.createReturn("guest", { orderId: "LK20260142", reason: "changed_mind" }, "example-refuse", context()),
    { status: "refused", reason: "not_delivered", sample: false },
  ],
  "Cancelling a return": [
    (business) => business.cancelReturn("guest", "RT204590", "example-cancel", context()),
    { status: "done", record: { returnId: "RT204590", status: "cancelled" } },
  ],
  "Whether the API works": [(business) => business.probe?.(context()) ?? Promise.reject(new Error("no probe"))],
};

describe("docs/business-api.md", () => {
  let fake: FakeBusiness;
  beforeEach(async () => {
    fake = await startFakeBusiness({ key: "example-key", clock: createManualClock() });
  });
  afterEach(() => fake.close());

  it("has an example of every call", () => {
    expect(examples.map(({ title }) => title)).toEqual(Object.keys(calls));
    expect(page.match(/^### /gm)).toHaveLength(examples.length);
  });

  it.each(examples)("$title: the fake API answers the request with the reply", async ({ request, reply }) => {
    const [method = "", path = ""] = request.start.split(" ");
    const response = await fetch(`${fake.url}${path}`, {
      method,
      headers: request.headers,
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
    expect(String(response.status)).toBe(reply.start);
    const text = await response.text();
    expect(text === "" ? undefined : JSON.parse(text)).toEqual(reply.body);
    expect(response.headers.get("content-type") ?? undefined).toBe(reply.headers["content-type"]);
  });

  it.each(examples)("$title: the call sends the request, and makes the reply a result", async (example) => {
    const [call, result] = calls[example.title] ?? [];
    const sent: Message[] = [];
    const business = createHttpBusiness({
      baseUrl: fake.url,
      apiKey: "example-key",
      timeoutMs: 1_000,
      clock: createManualClock(),
      // The real socket and the real fake; what is sent is read on its way.
      fetch: (url, init) => {
        if (typeof url !== "string") throw new TypeError("not a string");
        sent.push({
          start: `${init?.method} ${url.slice(fake.url.length)}`,
          headers: Object.fromEntries(new Headers(init?.headers)),
          body: typeof init?.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
        });
        return fetch(url, init);
      },
    });
    const got = await call?.(business);
    if (result === undefined) expect(got).toBeUndefined();
    else expect(got).toMatchObject(result);
    expect(sent).toEqual([example.request]);
  });

  it("names every reason and every refusal", () => {
    for (const code of [...refusalReasons, ...returnReasons]) expect(page).toContain(`\`${code}\``);
  });
});
