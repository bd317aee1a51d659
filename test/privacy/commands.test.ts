import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Command } from "../../src/commands/command.ts";
import { eraseCommand } from "../../src/commands/erase.ts";
import { exportCommand } from "../../src/commands/export.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers as it is told; what it is asked is noted. */
async function serve(answer: Answer): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function run(command: Command, args: readonly string[]) {
  const said = { out: "", err: "" };
  const terminal = {
    out: (text: string) => void (said.out += `${text}\n`),
    err: (text: string) => void (said.err += text),
    interactive: false,
  };
  return { code: await command.run(args, terminal), ...said };
}

const lines = '{"type":"session","title":"退货"}\n{"type":"end","sessions":1}\n';

describe("export USER", () => {
  it("writes what the server has, with the key that is given", async () => {
    const { url, asked } = await serve((_request, response) => response.end(lines));
    const finished = await run(exportCommand, ["zoë/x", "--all-keys", "--url", url, "--key", "k".repeat(20)]);
    expect(finished).toEqual({ code: 0, out: lines, err: "" });
    expect(asked).toEqual([`GET /api/v1/users/zo%C3%AB%2Fx/data?all_keys=true Bearer ${"k".repeat(20)}`]);
  });

  it("says that it is not all when the last line is missing, or the connection breaks", async () => {
    const half = await serve((_request, response) => response.end(lines.split("\n")[0]));
    const cut = await run(exportCommand, ["ann", "--url", half.url]);
    expect(cut).toMatchObject({ code: 1, err: "this is not all: the last line, of the type end, is missing\n" });
    const broken = await serve((_request, response) => {
      response.write(`${lines.split("\n")[0]}\n`, () => setImmediate(() => response.destroy()));
    });
    const finished = await run(exportCommand, ["ann", "--url", broken.url]).catch((error: unknown) => error);
    expect(finished).toMatchObject({ code: 1, err: expect.stringContaining("this is not all") });
  });

  it("says what the server said, and who does not answer", async () => {
    const { url } = await serve((_request, response) => {
      response.statusCode = 403;
      response.end(JSON.stringify({ code: "forbidden", detail: "This needs a key with the role user." }));
    });
    await expect(run(exportCommand, ["ann", "--url", url])).rejects.toThrow("the role user. (forbidden)");
    await expect(run(exportCommand, ["ann", "--url", "http://127.0.0.1:1"])).rejects.toThrow("does not answer");
    await expect(run(exportCommand, ["ann", "--url", "x"])).rejects.toThrow('"x" is not a URL');
    await expect(run(exportCommand, [])).rejects.toThrow("give one user");
  });
});

describe("erase USER", () => {
  const states = (...given: readonly object[]): Answer => {
    const left = [...given];
    return (request, response) => {
      response.setHeader("content-type", "application/json");
      response.statusCode = request.method === "DELETE" ? 202 : 200;
      response.end(JSON.stringify(request.method === "DELETE" ? { job_id: "erase_1" } : left.shift()));
    };
  };

  it("waits until it is done, and says what is gone", async () => {
    const removed = { sessions: 1, turns: 2, tickets: 0, handoffs: 0 };
    const { url, asked } = await serve(states({ state: "running", removed: null }, { state: "done", removed }));
    const finished = await run(eraseCommand, ["ann", "--url", url]);
    expect(finished).toMatchObject({ code: 0, out: "deleted: 1 sessions, 2 turns, 0 tickets, 0 handoffs\n" });
    expect(asked.map((line) => line.replace(/ \S+$/, ""))).toEqual([
      "DELETE /api/v1/users/ann/data",
      "GET /api/v1/users/ann/data/jobs/erase_1",
      "GET /api/v1/users/ann/data/jobs/erase_1",
    ]);
  });

  it.each([
    ["failed", "it failed"],
    ["cancelled", "it was cancelled"],
  ])("does not end with 0 when it %s", async (state, said) => {
    const { url } = await serve(states({ state, removed: null }));
    expect(await run(eraseCommand, ["ann", "--url", url])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${said}, and not everything is deleted`),
    });
  });
});
