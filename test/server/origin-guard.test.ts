import { describe, expect, it } from "vitest";
import { keyOf, sendRaw, startServer } from "./test-server.ts";

async function ask(
  port: number,
  headers: Readonly<Record<string, string>>,
  request = "GET /api/v1/sessions",
): Promise<string> {
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return sendRaw(port, `${request} HTTP/1.1\r\n${lines.join("")}Connection: close\r\n\r\n`);
}

describe("open mode", () => {
  it.each(["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:8080", "127.0.0.1:99999"])(
    "serves Host %s",
    async (host) => {
      const { port } = await startServer();
      expect(await ask(port, { Host: host })).toContain("HTTP/1.1 200");
    },
  );

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io:8080",
    "127.0.0.2",
    "0x7f.1",
    "2130706433",
    "[::ffff:127.0.0.1]",
    "localhost@evil.example",
    "",
  ])("refuses Host %j on every route", async (host) => {
    const { port } = await startServer();
    for (const path of ["/", "/livez", "/api/v1/sessions", "/nope"]) {
      const answer = await ask(port, { Host: host }, `GET ${path}`);
      expect(answer).toContain("HTTP/1.1 403");
      expect(answer).toContain('"code":"host_not_allowed"');
    }
  });

  it("refuses a request without Host", async () => {
    const { port } = await startServer();
    expect(await sendRaw(port, "GET / HTTP/1.0\r\n\r\n")).toContain('"code":"host_not_allowed"');
  });

  it("lets its own pages and the allowed websites in, and no others", async () => {
    const { port } = await startServer({ settings: { corsOrigins: ["https://shop.example"] } });
    const own = await ask(port, { Origin: `http://127.0.0.1:${port}` });
    expect(own).toContain("HTTP/1.1 200");
    expect(own).not.toContain("Access-Control-Allow-Origin");
    const allowed = await ask(port, { Origin: "https://shop.example" });
    expect(allowed).toContain("HTTP/1.1 200");
    expect(allowed).toContain("Access-Control-Allow-Origin: https://shop.example\r\n");
    expect(allowed).toContain("Vary: Origin");
    const foreign = [
      "https://evil.example",
      "http://shop.example",
      "https://shop.example.evil.example",
      `http://localhost:${port}`,
      "http://127.0.0.1",
      "null",
      "chrome-extension://x",
    ];
    for (const origin of foreign) {
      const answer = await ask(port, { Origin: origin });
      expect(answer).toContain("HTTP/1.1 403");
      expect(answer).toContain('"code":"origin_not_allowed"');
      expect(answer).not.toContain("Access-Control-Allow-Origin");
    }
  });
});

describe("required mode", () => {
  const settings = { authMode: "required", corsOrigins: ["https://shop.example"] } as const;
  const key = { "X-API-Key": keyOf("user") };

  it("serves any host", async () => {
    const { port } = await startServer({ settings });
    expect(await ask(port, { ...key, Host: "chat.example" })).toContain("HTTP/1.1 200");
  });

  it("answers the preflight of allowed websites without a key", async () => {
    const { port } = await startServer({ settings });
    const preflight = { Origin: "https://shop.example", "Access-Control-Request-Method": "POST" };
    const answer = await ask(port, preflight, "OPTIONS /api/v1/chat");
    expect(answer).toContain("HTTP/1.1 204");
    expect(answer).toContain("Access-Control-Allow-Origin: https://shop.example\r\n");
    expect(answer).toContain("Access-Control-Allow-Methods: GET, POST, DELETE\r\n");
    expect(answer).toMatch(/Access-Control-Allow-Headers: .*Authorization/);
    const other = await ask(port, { ...preflight, Origin: "https://evil.example" }, "OPTIONS /api/v1/chat");
    expect(other).not.toContain("Access-Control-Allow");
    expect(other).not.toContain("HTTP/1.1 2");
  });

  it("still wants a key from allowed websites, which may read the refusal", async () => {
    const { port } = await startServer({ settings });
    const answer = await ask(port, { Origin: "https://shop.example" });
    expect(answer).toContain("HTTP/1.1 401");
    expect(answer).toContain("Access-Control-Allow-Origin: https://shop.example\r\n");
  });

  it("lets no other website change anything, or read", async () => {
    const { port } = await startServer({ settings });
    const origin = { ...key, Origin: "https://evil.example" };
    const change = await ask(port, origin, "DELETE /api/v1/sessions/ses_1");
    expect(change).toContain('"code":"origin_not_allowed"');
    const read = await ask(port, origin);
    expect(read).toContain("HTTP/1.1 200");
    expect(read).not.toContain("Access-Control-Allow-Origin");
    const own = { ...key, Host: "chat.example", Origin: "https://chat.example" };
    expect(await ask(port, own, "DELETE /api/v1/sessions/ses_1")).toContain("HTTP/1.1 204");
  });
});
