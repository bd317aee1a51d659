import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { parseEvents, postJson, sendRaw, startServer } from "./test-server.ts";

let url = "";
let port = 0;

beforeEach(async () => {
  ({ url, port } = await startServer());
});

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
}

async function refusal(response: Response): Promise<Refusal> {
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  const json = (await response.json()) as Refusal;
  expect(json.status).toBe(response.status);
  return json;
}

async function expectAlive(): Promise<void> {
  expect((await fetch(`${url}/livez`)).status).toBe(200);
}

const post = (body: string, headers: Record<string, string> = {}) => postJson(`${url}/api/v1/chat`, body, headers);
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("a body that cannot be read", () => {
  it.each([
    ["cut JSON", '{"message":', {}, 400, "invalid_json", "body"],
    ["text", "hello", {}, 400, "invalid_json", "body"],
    ["a hundred thousand open brackets", "[".repeat(100_000), {}, 400, "invalid_json", "body"],
    ["a hundred thousand levels", nested(100_000), {}, 400, "invalid_request", "body"],
    ["a hundred thousand levels in a field", `{"message":${nested(100_000)}}`, {}, 400, "invalid_request", "message"],
    ["no content", "", {}, 400, "invalid_request", "body"],
    ["null", "null", {}, 400, "invalid_request", "body"],
    ["a list", "[1]", {}, 400, "invalid_request", "body"],
    ["another type", "message=hi", { "content-type": "text/plain" }, 415, "unsupported_media_type", "content-type"],
    ["no real type", "{}", { "content-type": "nonsense" }, 415, "unsupported_media_type", "content-type"],
    [
      "another charset",
      '{"message":"hi"}',
      { "content-type": "application/json; charset=utf-16" },
      415,
      "unsupported_media_type",
      "content-type",
    ],
    ["an unknown compression", "{}", { "content-encoding": "snappy" }, 415, "unsupported_media_type", "body"],
    ["broken compression", "{}", { "content-encoding": "gzip" }, 400, "invalid_request", undefined],
  ])("%s", async (_name, body, headers, status, code, field) => {
    const json = await refusal(await post(body, headers));
    expect({ status: json.status, code: json.code, field: json.field }).toEqual({ status, code, field });
    expect(json.detail.length).toBeLessThan(300);
    await expectAlive();
  });

  it.each([10_000_000, 50_000_000])("of %i bytes", async (size) => {
    const json = await refusal(await post(JSON.stringify({ message: "x".repeat(size) })));
    expect(json).toMatchObject({ status: 413, code: "payload_too_large" });
    expect(json.detail).toContain("262144");
    await expectAlive();
  });

  it("that grows beyond the limit when it is decompressed", async () => {
    const bomb = gzipSync(JSON.stringify({ message: "x".repeat(20_000_000) }));
    const response = await fetch(`${url}/api/v1/chat`, {
      method: "POST",
      body: new Uint8Array(bomb),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    });
    expect(await refusal(response)).toMatchObject({ status: 413, code: "payload_too_large" });
  });

  it("that is not UTF-8", async () => {
    const head =
      "POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
    const body = Buffer.from('{"message":"\xff\xfe"}', "latin1");
    const answer = await sendRaw(
      port,
      Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]),
    );
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"invalid_json"');
  });

  it("that is not there at all", async () => {
    const head = "POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(port, head);
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"field":"body"');
  });

  it("that ends early does no harm", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.end(
          'POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"me',
        );
      });
      socket.resume().on("close", () => resolve());
    });
    await expectAlive();
  });
});

describe("fields", () => {
  it.each([
    [{}, "message", "message is missing; it must be text."],
    [{ message: "" }, "message", "message must not be empty or blank"],
    [{ message: " \u3000\n" }, "message", "message must not be empty or blank"],
    [{ message: 5 }, "message", "message must be text, but is 5."],
    [{ message: null }, "message", "message must be text, but is null."],
    [{ message: { text: "hi" } }, "message", "message must be text, but is an object."],
    [{ message: "x".repeat(8_001) }, "message", 'message must have at most 8000 characters, but is "xxxx'],
    [{ message: "hi", deadline_ms: 249 }, "deadline_ms", "deadline_ms must be at least 250, but is 249."],
    [{ message: "hi", deadline_ms: 30_001 }, "deadline_ms", "deadline_ms must be at most 30000, but is 30001."],
    [{ message: "hi", deadline_ms: 300.5 }, "deadline_ms", "deadline_ms must be a whole number, but is 300.5."],
    [{ message: "hi", deadline_ms: "300" }, "deadline_ms", 'deadline_ms must be a number, but is "300".'],
    [
      { message: "hi", session_id: "a/b" },
      "session_id",
      'session_id must match /^[A-Za-z0-9._:-]{1,128}$/, but is "a/b".',
    ],
    [{ message: "hi", turn_id: "x".repeat(129) }, "turn_id", "turn_id must match"],
    [{ message: "hi", user: "" }, "user", "user must have at least 1 characters"],
    [{ message: "hi", user: "x".repeat(129) }, "user", "user must have at most 128 characters"],
    [{ message: "hi", tier: 1 }, "tier", "tier must be text"],
    [{ message: "hi", owner: "x" }, "owner", '"owner" is not a known field; allowed: message, session_id'],
  ])("%j: %s", async (body, field, detail) => {
    const json = await refusal(await post(JSON.stringify(body)));
    expect(json).toMatchObject({ status: 400, code: "invalid_request", field });
    expect(json.detail).toContain(detail);
    expect(json.errors).toEqual([{ field, detail: json.detail }]);
  });

  it("names every field that is wrong, and values only in part", async () => {
    const json = await refusal(await post(JSON.stringify({ message: 1, extra: 2, user: "😀".repeat(200) })));
    expect(json.errors?.map(({ field }) => field)).toEqual(["message", "user", "extra"]);
    expect(json.errors?.[1]?.detail).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    expect(json.errors?.[1]?.detail.length).toBeLessThan(160);
  });

  it.each(["__proto__", "constructor"])("refuses %s like any other unknown field", async (name) => {
    const json = await refusal(await post(`{"message":"hi","${name}":{"polluted":true}}`));
    expect(json).toMatchObject({ code: "invalid_request", field: name });
    expect("polluted" in {}).toBe(false);
  });

  it("takes 8000 characters with white space around them", async () => {
    expect((await post(JSON.stringify({ message: `  ${"好".repeat(8_000)}\n` }))).status).toBe(200);
  });

  it.each([
    ["/api/v1/sessions?limit=0", "limit"],
    ["/api/v1/sessions?limit=101", "limit"],
    ["/api/v1/sessions?limit=ten", "limit"],
    ["/api/v1/sessions?limit=1&limit=2", "limit"],
    ["/api/v1/sessions?user=", "user"],
    ["/api/v1/sessions?usr=a", "usr"],
    ["/api/v1/sessions?__proto__=a", "__proto__"],
    [`/api/v1/sessions/${"x".repeat(129)}`, "session_id"],
    ["/api/v1/sources/a%2Fb", "chunk_id"],
    ["/health?exclude=llm,disk", "exclude"],
  ])("%s names %s", async (path, field) => {
    expect(await refusal(await fetch(url + path))).toMatchObject({ status: 400, code: "invalid_request", field });
  });

  it("answers a broken escape in the path", async () => {
    expect(await refusal(await fetch(`${url}/api/v1/sources/%ff`))).toMatchObject({ code: "invalid_request" });
  });
});

describe("what is not in the table", () => {
  it.each(["/nope", "/API/v1/chat", "/api/v1/chat/", "/assets/", "/api/v1/sessions/a/b", "//livez"])(
    "%s",
    async (path) => {
      expect(await refusal(await fetch(url + path))).toMatchObject({ status: 404, code: "not_found" });
    },
  );

  it.each([
    ["GET", "/api/v1/chat", "POST"],
    ["PUT", "/api/v1/knowledge/documents", "GET, POST, HEAD"],
    ["TRACK", "/livez", "GET, HEAD"],
    ["OPTIONS", "/api/v1/chat", "POST"],
  ])("%s %s", async (method, path, allow) => {
    const answer = await sendRaw(port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    if (method === "TRACK") expect(answer).toContain("HTTP/1.1 400");
    else {
      expect(answer).toContain("HTTP/1.1 405");
      expect(answer).toContain(`Allow: ${allow}\r\n`);
      expect(answer).toContain('"code":"method_not_allowed"');
    }
  });
});

describe("any Unicode message", () => {
  const special = [
    "😀",
    "👩‍👩‍👧",
    "مرحبا",
    "\u202e",
    "\0",
    "\ud800",
    "\udfff",
    "\ufeff",
    "\u2028",
    "好",
    "e\u0301",
    "a",
    " ",
  ];
  const message = fc
    .oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
      fc.array(fc.constantFrom(...special), { minLength: 1, maxLength: 50 }).map((parts) => parts.join("")),
      fc
        .array(fc.integer({ min: 0, max: 0xff_ff }), { minLength: 1, maxLength: 50 })
        .map((units) => String.fromCharCode(...units)),
    )
    .filter((text) => text.trim() !== "");

  it("comes back equal, whole and in a stream", async () => {
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        const whole = await postJson(`${url}/api/v1/chat`, { message: text });
        expect(((await whole.json()) as { reply: string }).reply).toBe(text);
        const streamed = await postJson(`${url}/api/v1/chat/stream`, { message: text });
        expect(parseEvents(await streamed.text())[1]?.data).toEqual({ text, by: "mock" });
      }),
      { numRuns: 100 },
    );
  });
});
