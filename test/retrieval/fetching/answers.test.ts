import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createSites, fetchFrom, refusalOf, soon, text } from "./fetching.ts";

const sites = createSites();
const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

/** Writes until the other side leaves. */
function flood(socket: Socket, piece: string | Uint8Array): void {
  const goOn = () => {
    while (!socket.destroyed && socket.write(piece)) {
      // Until the buffers are full.
    }
  };
  socket.on("drain", goOn);
  goOn();
}

describe("an answer that is no page", () => {
  it.each([204, 206, 304, 400, 401, 404, 410, 429, 500, 503])("its status is told: %i", async (status) => {
    const site = await sites.http((_, response) => response.writeHead(status, { "content-type": "text/html" }).end());
    expect(await refusalOf(fetchFrom(site.url))).toBe(`The address answers with the status ${status}.`);
  });

  it.each([
    ["image/png", "has content of the type image/png; allowed are text/html, text/plain"],
    ["application/octet-stream", "has content of the type application/octet-stream; allowed are text/html, text/plain"],
    ["text/html2", "has content of the type text/html2; allowed are text/html, text/plain"],
    ["text", "does not say of which type its content is"],
    ["text/html<script>", "does not say of which type its content is"],
    ["", "does not say of which type its content is"],
  ])("fault 71: of another type, and its body is not waited for: %j", async (type, reason) => {
    const site = await sites.http((_, response) => {
      response.writeHead(200, { ...(type && { "content-type": type }) }).write("the beginning of what never ends");
    });
    expect(await refusalOf(fetchFrom(site.url))).toBe(`The address ${reason}.`);
    await soon(() => expect(sites.open()).toBe(0));
  });

  it("fault 71: what is not HTTP, and what is gone at once", async () => {
    const greeting = await sites.raw("220 mail.test ESMTP\r\n");
    expect(await refusalOf(fetchFrom(greeting.url))).toBe("The address answers with what is not HTTP.");
    const leaving = await sites.raw("", (socket) => socket.end());
    expect(await refusalOf(fetchFrom(leaving.url))).toBe("The address did not answer.");
    const upgrading = await sites.raw("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    expect(await refusalOf(fetchFrom(upgrading.url))).toBe("The address did not answer.");
    const both = await sites.raw(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(await refusalOf(fetchFrom(both.url))).toBe("The address answers with what is not HTTP.");
  });

  it("fault 71: a head that never ends is left after 16 kB, and interim answers after eight", async () => {
    const line = `X-Header: ${"x".repeat(1_000)}\r\n`;
    const long = await sites.raw(OK, (socket) => flood(socket, line));
    expect(await refusalOf(fetchFrom(long.url))).toBe("The address has a head that is too long.");
    const interim = await sites.raw("", (socket) => flood(socket, "HTTP/1.1 100 Continue\r\n\r\n"));
    expect(await refusalOf(fetchFrom(interim.url))).toBe("The address answers without an end.");
    await soon(() => expect(sites.open()).toBe(0));
  });
});

describe("content that is too large", () => {
  const TOO_LARGE = "The address has more than 10000000 bytes of content.";

  it("fault 71: is not waited for when it is announced", async () => {
    const site = await sites.raw(`${OK}Content-Length: 10000001\r\n\r\n`);
    expect(await refusalOf(fetchFrom(site.url))).toBe(TOO_LARGE);
  });

  it("fault 71: is left at 10 MB when it is not, and just before it is read", async () => {
    const sent: Socket[] = [];
    const endless = await sites.raw(`${OK}\r\n`, (socket) => {
      sent.push(socket);
      flood(socket, Buffer.alloc(65_536, "x"));
    });
    expect(await refusalOf(fetchFrom(endless.url))).toBe(TOO_LARGE);
    await soon(() => expect(sites.open()).toBe(0));
    // What is more than the limit fits into the buffers between the two.
    expect(sent[0]?.bytesWritten).toBeLessThan(40_000_000);
    const whole = await sites.raw(`${OK}Connection: close\r\n\r\n`, (socket) =>
      socket.end(Buffer.alloc(10_000_000, "x")),
    );
    expect((await fetchFrom(whole.url)).bytes).toHaveLength(10_000_000);
  });

  it("fault 71: a gzip bomb is left at 10 MB of what comes out", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(60_000);
    const site = await sites.http((_, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" }).end(bomb);
    });
    expect(await refusalOf(fetchFrom(site.url))).toBe(TOO_LARGE);
  });

  it("fault 71: what is packed and never gives anything is left as well", async () => {
    const head = `${OK}Content-Encoding: gzip\r\n\r\n`;
    // A member of gzip without content, for ever.
    const empty = Buffer.concat(Array.from({ length: 1_000 }, () => gzipSync("")));
    const site = await sites.raw(head, (socket) => flood(socket, empty));
    const detail = await refusalOf(fetchFrom(site.url, { limits: { bytes: 200_000 } }));
    expect(detail).toBe("The address has more than 200000 bytes of content.");
  });
});

describe("content that is not what the head says", () => {
  it("fault 71: shorter than announced is no page, longer is cut there", async () => {
    const short = await sites.raw(`${OK}Content-Length: 100\r\n\r\nonly this`, (socket) => socket.end());
    expect(await refusalOf(fetchFrom(short.url))).toBe("The address broke off before the end of its content.");
    const long = await sites.raw(`${OK}Content-Length: 4\r\n\r\nthis and much more`);
    expect(text(await fetchFrom(long.url))).toBe("this");
    const chunked = await sites.raw(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, (socket) => socket.end());
    expect(await refusalOf(fetchFrom(chunked.url))).toBe("The address broke off before the end of its content.");
    const reset = await sites.raw(`${OK}Content-Length: 100\r\n\r\nonly`, (socket) => void socket.resetAndDestroy());
    expect(await refusalOf(fetchFrom(reset.url))).toMatch(/^The address (did not answer|broke off before)/);
  });

  it.each([
    ["gzip", gzipSync("hello ".repeat(1_000)).subarray(0, 20)],
    ["gzip", Buffer.from("not packed at all")],
    ["br", randomBytes(200).fill(255, 0, 8)],
    ["deflate", Buffer.alloc(40, 7)],
  ])("fault 71: packed, but broken: %s", async (encoding, body) => {
    const site = await sites.http((_, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": encoding }).end(body);
    });
    expect(await refusalOf(fetchFrom(site.url))).toBe("The address has content that cannot be decompressed.");
  });

  it.each(["zstd", "compress", "gzip, gzip", "br, gzip", "x"])(
    "fault 71: packed in another way: %s",
    async (encoding) => {
      const site = await sites.http((_, response) => {
        response.writeHead(200, { "content-type": "text/html", "content-encoding": encoding }).end("x");
      });
      const expected = "The address has content that is compressed in another way than gzip, deflate or br.";
      expect(await refusalOf(fetchFrom(site.url))).toBe(expected);
    },
  );
});
