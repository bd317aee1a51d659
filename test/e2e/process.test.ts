import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createClient } from "../../src/rehearsal/client.ts";
import { runCli, startNode } from "../support/run-cli.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

type Child = ReturnType<typeof startNode>;

/** Starts the server as `npm start` does and waits for its log line with the address. */
async function start(environment: Readonly<Record<string, string>> = {}): Promise<{ child: Child; url: string }> {
  const child = startNode("src/main.ts", [], {
    environment: { DATA_DIR: directory, PORT: "0", LOG_LEVEL: "info", ...environment },
    cwd: directory,
  });
  // Also when the test fails before it has ended it.
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = await new Promise<string>((resolve, reject) => {
    let seen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
      const found = /"url":"(http:[^"]+)"/.exec(seen)?.[1];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error(`the server ended: ${seen}`)));
  });
  return { child, url };
}

function end(child: Child, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
}

describe("the server as a process", () => {
  it("starts with nothing set, answers, keeps the conversation over a restart, and ends with 0", async () => {
    const first = await start();
    const answer = await createClient(first.url).chat({ message: "退款到银行卡要多久？" });
    expect(answer.durability).toBe("disk");
    expect(await end(first.child)).toBe(0);

    const second = await start();
    const history = await createClient(second.url).history(answer.session_id);
    expect(history.map((turn) => turn.reply?.reply)).toEqual([answer.reply]);
    expect(await end(second.child, "SIGINT")).toBe(0);
  });

  it("FAULTS on the store neither hides what is saved nor harms it", async () => {
    const first = await start();
    const answer = await createClient(first.url).chat({ message: "你好" });
    await end(first.child);
    const faulty = await start({ FAULTS: "store:slow(1)" });
    expect(await createClient(faulty.url).history(answer.session_id)).toHaveLength(1);
    await end(faulty.child);
    const after = await start();
    expect(await createClient(after.url).history(answer.session_id)).toHaveLength(1);
    await end(after.child);
  });

  it("keeps a turn that was answered right before the process is killed", async () => {
    const first = await start();
    const answer = await createClient(first.url).chat({ message: "My kettle is broken, open a ticket" });
    await end(first.child, "SIGKILL");
    const second = await start();
    expect(await createClient(second.url).history(answer.session_id)).toHaveLength(1);
    await end(second.child);
  });

  it("one process for each data directory: the second says who has it; `ask` and `ingest` go to the running one", async () => {
    const { child, url } = await start();
    const second = await runCli(["serve"], { environment: { DATA_DIR: directory, PORT: "0" } });
    expect(second.code).toBe(1);
    expect(second.err).toContain(`in use by process ${child.pid} at ${url}`);
    const asked = await runCli(["ask", "你好", "--json"], { environment: { DATA_DIR: directory } });
    const { session_id: id } = JSON.parse(asked.out) as { session_id: string };
    expect(await createClient(url).history(id)).toHaveLength(1);
    await end(child);
  });

  it.each([
    [{ PORT: "99999" }, 'PORT: "99999" is not allowed; allowed: a whole number from 0 to 65535'],
    [{ GRAPH_ENGIN: "langgraph" }, "GRAPH_ENGIN: unknown; did you mean GRAPH_ENGINE?"],
    [{ DATA_DIR: "/etc/passwd" }, 'DATA_DIR: "/etc/passwd" cannot be used'],
    [{ DATA_DIR: "/proc/understudy" }, 'DATA_DIR: "/proc/understudy" cannot be used'],
    [{ FAULTS: "llm:explode" }, 'FAULTS: "llm:explode": the mode must be'],
    [{ HOST: "0.0.0.0", API_KEYS: "boss:0123456789012345678901" }, "API_KEYS: entry 1 has a role that is not one of"],
  ])("fault 74: %o stops the start and names the variable", async (environment, message) => {
    const { code, err } = await runCli(["serve"], { environment: { DATA_DIR: directory, ...environment } });
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});
