import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { runCli, startNode } from "../support/run-cli.ts";

const running: ReturnType<typeof startNode>[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

/** Starts the command on a free port and waits until it says where it is. */
async function start(...args: readonly string[]) {
  const child = startNode("src/cli.ts", ["fake-llm", "--port", "0", ...args]);
  running.push(child);
  let out = "";
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    out += text;
    if (out.includes("Ctrl-C")) break;
  }
  const origin = /http:\/\/[\d.]+:\d+/.exec(out)?.[0] ?? "";
  return { child, out, origin };
}

async function ask(origin: string, model = "fake"): Promise<Response> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "hello there" }] });
  return fetch(`${origin}/v1/chat/completions`, { method: "POST", body });
}

describe("understudy fake-llm", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "says where it listens, changes its fault while it runs, counts requests, and ends with 0 at %s",
    async (signal) => {
      const { child, out, origin } = await start();
      expect(origin).toContain("http://127.0.0.1:");
      expect(out).toContain(`LLM_BASE_URL=${origin}/v1 LLM_MODEL=fake npm start`);
      expect(out).toContain("comments-then-hang");
      expect((await ask(origin)).status).toBe(200);
      await fetch(`${origin}/__fault`, { method: "POST", body: '{"name": "503"}' });
      expect((await ask(origin)).status).toBe(503);
      await fetch(`${origin}/__fault`, { method: "DELETE" });
      expect((await ask(origin, "fault-429-retry-after-2")).headers.get("retry-after")).toBe("2");
      const requests = await (await fetch(`${origin}/__requests`)).json();
      expect(requests).toMatchObject({ counts: { "/v1/chat/completions": 3 } });
      const hung = ask(origin, "fault-hang").catch((error: unknown) => error);
      child.kill(signal);
      expect(await once(child, "close")).toEqual([0, null]);
      expect(await hung).toBeInstanceOf(Error);
    },
  );

  it("begins with the fault that it is given", async () => {
    const { out, origin } = await start("--fault", "script-529,ok", "--latency", "1");
    expect(out).toContain("every request meets script-529,ok");
    expect((await ask(origin)).status).toBe(529);
    expect((await ask(origin)).status).toBe(200);
  });

  it.each<[readonly string[], string]>([
    [["--port", "70000"], '--port: "70000" is not allowed; allowed: a whole number from 0 to 65535'],
    [["--latency", "-1"], "--latency"],
    [["--latency", "1s"], '--latency: "1s" is not allowed; allowed: a whole number from 0 to 600000'],
    [
      ["--port", "0", "--fault", "nonsense"],
      '--fault: "nonsense" is not a fault of the fake model; there are ok, hang',
    ],
    [["now"], '"now" is not expected here'],
  ])("%j ends with 2 and says why", async (args, message) => {
    const { code, err } = await runCli(["fake-llm", ...args]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain("usage: understudy fake-llm [--port N]");
  });

  it("ends with 1 when the port is taken, and says how to take another", async () => {
    const { origin } = await start();
    const { code, err } = await runCli(["fake-llm", "--port", new URL(origin).port]);
    expect(code).toBe(1);
    expect(err).toMatch(/cannot listen on 127\.0\.0\.1, port \d+ .*give another --port/);
  });
});
