import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type LookupFunction } from "node:net";
import { describe, expect, it, vi } from "vitest";
import type { ChatModelOptions } from "../../../src/fallbacks/llm/chat-model.ts";
import { createModel } from "../../../src/fallbacks/llm/create-model.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { closedPort, createLocalServers } from "./local-servers.ts";
import { echoTask, errorOf, say, soon } from "./model-tasks.ts";
import { KEY, providerCases } from "./provider-cases.ts";
import { certificate, expiredCertificate } from "./self-signed.ts";

const servers = createLocalServers();

type Options = Pick<ChatModelOptions, "connection" | "clock">;

function modelAt(baseUrl: string, options: Options = {}, provider = providerCases[0]?.provider ?? "openai") {
  return createModel({ provider, name: "primary", model: "good", baseUrl, apiKey: KEY, ...options });
}

/** The errors of the three ways to ask: they must be alike. */
async function everyWay(baseUrl: string, options?: Options) {
  const model = modelAt(baseUrl, options);
  const streamed = (await say(model, "hello")).error;
  return [
    await errorOf(model.run(echoTask, "hello", testContext())),
    await errorOf(model.probe?.(testContext()) ?? Promise.resolve()),
    ...(streamed ? [streamed] : []),
  ];
}

async function classesOf(baseUrl: string, options?: Options) {
  return (await everyWay(baseUrl, options)).map(({ errorClass }) => errorClass);
}

const all = (errorClass: string) => [errorClass, errorClass, errorClass];

/** A server with that certificate that counts what it is asked, and answers with an empty list. */
async function secureServer(pair: { readonly key: string; readonly cert: string }) {
  let asked = 0;
  const server = createTlsServer(pair, (_, response) => {
    asked += 1;
    response.end("[]");
  });
  server.on("tlsClientError", () => {
    // The client goes away in the handshake, as it should.
  });
  const port = await servers.start(server);
  return { port, asked: () => asked };
}

const here: LookupFunction = (_, options, callback) =>
  options.all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);

describe("a connection that fails", () => {
  it.each(providerCases)("fault 1: refused is network: $provider", async ({ provider }) => {
    const port = await closedPort(createTcpServer());
    const model = modelAt(`http://127.0.0.1:${port}`, {}, provider);
    const errors = [await errorOf(model.run(echoTask, "hello", testContext())), (await say(model, "hello")).error];
    for (const error of errors) {
      expect(error?.errorClass).toBe("network");
      expect(error?.message).toContain("ECONNREFUSED");
    }
  });

  it("fault 24: a name that does not exist is network", async () => {
    const lookup: LookupFunction = (hostname, _, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" }), "");
    expect(await classesOf("http://no-such-host.invalid/v1")).toEqual(all("network"));
    expect(await classesOf("http://model.example/v1", { connection: { lookup } })).toEqual(all("network"));
  });

  it("fault 24: a look-up that fails for a while is network, and no reason to wait when it is back", async () => {
    let works = false;
    const lookup: LookupFunction = (hostname, options, callback) =>
      works ? here(hostname, options, callback) : callback(Object.assign(new Error("busy"), { code: "EAI_AGAIN" }), "");
    const port = await servers.start(createHttpServer((_, response) => response.end("[]")));
    const model = modelAt(`http://model.example:${port}/v1`, { connection: { lookup } });
    expect((await errorOf(model.probe?.(testContext()) ?? Promise.resolve())).errorClass).toBe("network");
    works = true;
    await model.probe?.(testContext());
  });

  it("fault 24: a look-up that never answers has a limit of its own: timeout after 2 s, and not before", async () => {
    const clock = createManualClock();
    const lookup = vi.fn<LookupFunction>();
    const asked = everyWay("http://model.example/v1", { clock, connection: { lookup } });
    const ended = vi.fn<() => void>();
    void asked.then(ended);
    // Each way in turn.
    for (const turn of [1, 2, 3]) {
      await soon(() => expect(lookup).toHaveBeenCalledTimes(turn));
      await clock.advance(1_999);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
    }
    const errors = await asked;
    expect(errors.map(({ errorClass }) => errorClass)).toEqual(all("timeout"));
    expect(errors[0]?.message).toBe("primary: no connection within 2000 ms");
    expect(clock.pending).toBe(0);
  });

  it("fault 25: a handshake that never ends has the same limit: timeout", async () => {
    const clock = createManualClock();
    const connected = vi.fn<(_: unknown) => void>();
    const port = await servers.start(createTcpServer((socket) => connected(void socket.resume())));
    const model = modelAt(`https://127.0.0.1:${port}/v1`, { clock });
    const probe = errorOf(model.probe?.(testContext()) ?? Promise.resolve());
    await soon(() => expect(connected).toHaveBeenCalled());
    await clock.advance(2_000);
    expect((await probe).errorClass).toBe("timeout");
  });

  it("has no limit of connecting on an answer that takes its time", async () => {
    const clock = createManualClock();
    let answer: (() => void) | undefined;
    const slow = createHttpServer((_, response) => {
      answer = () => void response.end("[]");
    });
    const port = await servers.start(slow);
    const probe = modelAt(`http://127.0.0.1:${port}/v1`, { clock }).probe?.(testContext());
    await soon(() => expect(answer).toBeDefined());
    expect(clock.pending).toBe(0);
    await clock.advance(3_600_000);
    answer?.();
    await probe;
  });

  it("fault 25: a certificate is trusted if somebody vouches for it", async () => {
    const { port } = await secureServer(certificate);
    await modelAt(`https://127.0.0.1:${port}/v1`, { connection: { ca: certificate.cert } }).probe?.(testContext());
  });

  it("fault 25: a certificate that nobody vouches for is network, and nothing is sent, whatever the environment says", async () => {
    const { port, asked } = await secureServer(certificate);
    expect(await classesOf(`https://127.0.0.1:${port}/v1`)).toEqual(all("network"));
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    expect(await classesOf(`https://127.0.0.1:${port}/v1`)).toEqual(all("network"));
    vi.unstubAllEnvs();
    warn.mockRestore();
    expect(asked()).toBe(0);
  });

  it("fault 25: one that has expired, and one for another host, are network, and nothing is sent", async () => {
    const expired = await secureServer(expiredCertificate);
    const old = { connection: { ca: expiredCertificate.cert } };
    const errors = await everyWay(`https://127.0.0.1:${expired.port}/v1`, old);
    expect(errors.map(({ errorClass }) => errorClass)).toEqual(all("network"));
    expect(errors[0]?.message).toContain("expired");
    const other = await secureServer(certificate);
    const elsewhere = { connection: { ca: certificate.cert, lookup: here } };
    const wrong = await everyWay(`https://model.example:${other.port}/v1`, elsewhere);
    expect(wrong.map(({ errorClass }) => errorClass)).toEqual(all("network"));
    expect(wrong[0]?.message).toContain("altnames");
    expect([expired.asked(), other.asked()]).toEqual([0, 0]);
  });

  it("fault 25: what is no TLS, and a reset in the handshake, are network", async () => {
    const plain = await servers.start(createHttpServer((_, response) => response.end()));
    const resetting = await servers.start(createTcpServer((socket) => socket.resetAndDestroy()));
    for (const port of [plain, resetting]) {
      expect(await classesOf(`https://127.0.0.1:${port}/v1`)).toEqual(all("network"));
    }
  });

  it("a caller who leaves while a connection is being made is aborted at once, and closing does not wait for it", async () => {
    const caller = new AbortController();
    const lookup = vi.fn<LookupFunction>();
    // Its time stands still, so that nothing ends by a limit.
    const model = modelAt("http://model.example/v1", { clock: createManualClock(), connection: { lookup } });
    const work = errorOf(model.run(echoTask, "hello", testContext({ signal: caller.signal })));
    await soon(() => expect(lookup).toHaveBeenCalled());
    caller.abort();
    expect((await work).errorClass).toBe("aborted");
    await model.close?.();
  });

  it("does not send a key that no header can hold, and does not repeat it", async () => {
    const port = await servers.start(createHttpServer((_, response) => response.end()));
    const model = createModel({
      provider: "openai",
      name: "primary",
      model: "m",
      baseUrl: `http://127.0.0.1:${port}/v1`,
      apiKey: "Very0Secret\nkey",
    });
    const error = await errorOf(model.run(echoTask, "hello", testContext()));
    expect(error.errorClass).toBe("bad_response");
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain("Secret");
  });

  it.each(providerCases)(
    "keeps its connections for the next request, and opens new ones when they were closed: $provider",
    async ({ provider }) => {
      const server = createHttpServer((_, response) => response.end("[]"));
      const opened = vi.fn<() => void>();
      server.on("connection", opened);
      const model = modelAt(`http://127.0.0.1:${await servers.start(server)}`, {}, provider);
      for (let turn = 0; turn < 10; turn += 1) await model.probe?.(testContext());
      const before = opened.mock.calls.length;
      expect(before).toBeLessThan(5);
      server.closeAllConnections();
      await soon(() => model.probe?.(testContext()));
      expect(opened.mock.calls.length).toBeGreaterThan(before);
      await model.close?.();
    },
  );
});
