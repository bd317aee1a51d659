import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { certificate, expiredCertificate } from "../../fallbacks/llm/self-signed.ts";
import { createSites, fetchFrom, names, refusalOf, soon, text } from "./fetching.ts";
import { namedCertificate } from "./named-certificate.ts";

const sites = createSites();
const UNTRUSTED = "The address has no certificate that is trusted for its host.";
const lookup = names({ "pages.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] });

afterEach(() => vi.unstubAllEnvs());

async function secure(pair: { readonly key: string; readonly cert: string }, location = "") {
  const asked: { readonly host: string | undefined; readonly name: unknown }[] = [];
  const server = createServer(pair, (request, response) => {
    asked.push({
      host: request.headers.host,
      name: (request.socket as TLSSocket & { servername?: unknown }).servername,
    });
    response.writeHead(location ? 301 : 200, { "content-type": "text/html", location }).end("secret");
  });
  server.on("tlsClientError", () => {
    // The client goes away in the handshake, as it should.
  });
  return { port: await sites.listen(server), asked };
}

describe("https", () => {
  it("proves the name, although the connection is made to an address; `Host` is the name as well", async () => {
    const { port, asked } = await secure(namedCertificate);
    const ca = namedCertificate.cert;
    const fetched = await fetchFrom(`https://PAGES.test.:${port}/`, { lookup, ca });
    expect([text(fetched), fetched.url]).toEqual(["secret", `https://pages.test:${port}/`]);
    expect(asked).toEqual([{ host: `pages.test:${port}`, name: "pages.test" }]);
  });

  it("proves an address where the URL has one", async () => {
    const { port, asked } = await secure(certificate);
    expect(text(await fetchFrom(`https://127.0.0.1:${port}/`, { ca: certificate.cert }))).toBe("secret");
    expect(asked).toEqual([{ host: `127.0.0.1:${port}`, name: false }]);
  });

  it("fault 71: a certificate for another name, of nobody, or too old: nothing is asked, whatever the environment says", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const named = await secure(namedCertificate);
    const ca = namedCertificate.cert;
    expect(await refusalOf(fetchFrom(`https://other.test:${named.port}/`, { lookup, ca }))).toBe(UNTRUSTED);
    expect(await refusalOf(fetchFrom(`https://127.0.0.1:${named.port}/`, { ca }))).toBe(UNTRUSTED);
    expect(await refusalOf(fetchFrom(`https://pages.test:${named.port}/`, { lookup }))).toBe(UNTRUSTED);
    const expired = await secure(expiredCertificate);
    const old = { ca: expiredCertificate.cert };
    expect(await refusalOf(fetchFrom(`https://127.0.0.1:${expired.port}/`, old))).toBe(UNTRUSTED);
    expect([...named.asked, ...expired.asked]).toEqual([]);
    await soon(() => expect(sites.open()).toBe(0));
    vi.restoreAllMocks();
  });

  it("fault 71: does not lead back to http", async () => {
    const plain = await sites.http((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("x"));
    const { port } = await secure(certificate, `${plain.url}/`);
    const options = { ca: certificate.cert, ports: [port, plain.port] };
    expect(await refusalOf(fetchFrom(`https://127.0.0.1:${port}/`, options))).toBe(
      "The address leads from https to http.",
    );
    expect(plain.asked).toHaveLength(0);
    const other = await secure(certificate);
    const upwards = await sites.http((_, response) =>
      response.writeHead(301, { location: `https://127.0.0.1:${other.port}/` }).end(),
    );
    expect(text(await fetchFrom(upwards.url, { ca: certificate.cert, ports: [upwards.port, other.port] }))).toBe(
      "secret",
    );
  });
});
