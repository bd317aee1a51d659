import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { type ApiRequest, createTransport, type TransportOptions } from "../../../src/fallbacks/business/transport.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const LIMIT_MS = 5_000;
const ask: ApiRequest = { method: "GET", path: "/account", user: "guest", accept: [200] };

function connect(options: Partial<TransportOptions> = {}) {
  return createTransport({
    baseUrl: "http://127.0.0.1:1",
    timeoutMs: LIMIT_MS,
    clock: createManualClock(),
    ...options,
  });
}

describe("the transport to the business API", () => {
  it.each([
    ["ENOTFOUND", "network"],
    ["CERT_HAS_EXPIRED", "network"],
    ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
    ["HPE_INVALID_CONSTANT", "bad_response"],
    ["Z_DATA_ERROR", "bad_response"],
  ])("what fetch throws with the code %s is %s", async (code, errorClass) => {
    const cause = Object.assign(new Error("at shop.internal"), { code });
    const fetch = () => Promise.reject(new TypeError("fetch failed", { cause }));
    await expect(connect({ fetch }).send(ask, testContext())).rejects.toMatchObject({
      errorClass,
      message: `the business API cannot be reached (${code})`,
    });
  });

  it.each([
    ["an error whose text never ends", 500],
    ["a record that never ends", 200],
    ["silence", undefined],
  ])("gives back the connection of %s", async (_name, status) => {
    const clock = createManualClock();
    const closed = vi.fn<() => void>();
    const asked = vi.fn<() => void>();
    const server = createServer((_request, response) => {
      response.once("close", closed);
      asked();
      if (status !== undefined) response.writeHead(status, { "content-type": "application/json" }).write("{");
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const call = connect({ clock, baseUrl: `http://127.0.0.1:${port}` }).send(ask, testContext({ clock }));
    const outcome = expect(call).rejects.toMatchObject({ errorClass: status === 500 ? "server" : "timeout" });
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    if (status !== 500) await clock.advance(LIMIT_MS);
    await outcome;
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
    const ended = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await ended;
  });

  it("a name that is no Unicode is the caller's own", async () => {
    const asked = connect().send({ ...ask, user: "\uD800" }, testContext());
    await expect(asked).rejects.toMatchObject({ errorClass: "invalid_request" });
  });

  it.each([
    [{ baseUrl: "http://me:secret@127.0.0.1:1" }],
    [{ baseUrl: "ftp://127.0.0.1/secret" }],
    [{ baseUrl: "secret" }],
    [{ baseUrl: "http://127.0.0.1:1/?key=secret" }],
    [{ apiKey: "secret\n" }],
    [{ apiKey: "" }],
    [{ timeoutMs: 999 }],
    [{ timeoutMs: 60_001 }],
    [{ timeoutMs: Number.NaN }],
  ])("refuses the option %j and does not repeat it", (options) => {
    expect(() => connect(options)).toThrow(RangeError);
    expect(() => connect(options)).not.toThrow(/secret/);
  });
});
