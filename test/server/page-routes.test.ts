import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { readPageFiles } from "../../src/server/page-files.ts";
import { pagesDirectory, sendRaw, startServer } from "./test-server.ts";

describe("pages", () => {
  it.each([
    ["/", "Chat", "text/html"],
    ["/?utm_source=mail", "Chat", "text/html"],
    ["/status", "Status", "text/html"],
    ["/assets/chat.js?v=2", "export", "text/javascript"],
  ])("%s", async (path, content, type) => {
    const { url, port } = await startServer();
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toContain(content);
    const known = `If-None-Match: ${response.headers.get("etag")}`;
    const again = await sendRaw(
      port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${known}\r\nConnection: close\r\n\r\n`,
    );
    expect(again).toContain("HTTP/1.1 304");
  });

  it.each([
    "/assets/../chat.html",
    "/assets/..%2fchat.html",
    "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/..%5c..%5cetc%5cpasswd",
    "/assets/%2fetc%2fpasswd",
    "/assets/chat.js%00.html",
    "/assets/notes.txt",
    "/assets/__proto__",
    "/assets/constructor",
    "/chat.html",
  ])("%s is not served", async (path) => {
    const { port } = await startServer();
    const answer = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toContain("HTTP/1.1 404");
    expect(answer).toContain('"code":"not_found"');
  });
});

describe("readPageFiles", () => {
  it("stops the start when a page is not there", () => {
    expect(() => readPageFiles(pagesDirectory(), ["chat.html", "admin.html"])).toThrow("has no admin.html");
    expect(() => readPageFiles(pathToFileURL("/nowhere/at/all/"), [])).toThrow("ENOENT");
  });
});
