import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { startNode } from "../support/run-cli.ts";

const PATIENT = { timeout: 40_000, interval: 20 };
const ada = "ada-0123456789-0123456789";
const bob = "bob-0123456789-0123456789";
const hashed = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;

let directory: string;
const closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-"));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(directory, { recursive: true });
});

async function fakeModel(options: Parameters<typeof startFakeModel>[0] = {}): Promise<FakeModel> {
  const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
  const fake = await startFakeModel({ answer: createRehearsedAnswer(packs), ...options });
  closing.push(() => fake.close());
  return fake;
}

/** Writes the files that the server reads. */
function write(files: { readonly env?: Readonly<Record<string, string>>; readonly keys?: readonly string[] }): void {
  const lines = Object.entries(files.env ?? {}).map(([name, text]) => `${name}=${text}\n`);
  if (files.env) writeFileSync(join(directory, ".env"), lines.join(""));
  if (files.keys) writeFileSync(join(directory, "keys"), `# who may\n${files.keys.join("\n")}\n`);
}

interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The server as `npm start` runs it, with the settings of its directory. */
async function start(environment: Readonly<Record<string, string>> = {}) {
  const child = startNode("src/main.ts", [], {
    environment: { PORT: "0", DATA_DIR: ":memory:", LOG_LEVEL: "info", SAMPLE_KNOWLEDGE: "off", ...environment },
    cwd: directory,
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  closing.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const lines = () =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const listening = await vi.waitFor(() => {
    const line = lines().find(({ msg }) => msg === "listening");
    if (!line) throw new Error(`not listening: ${out}${errors}`);
    return line;
  }, PATIENT);
  return {
    url: String(listening["url"]),
    out: () => out,
    /** Sends SIGHUP and waits for what the server says of it. */
    async hangUp(): Promise<Line> {
      const said = () => lines().filter(({ msg }) => /^settings (?:re-read|refused)/.test(msg));
      const before = said().length;
      child.kill("SIGHUP");
      return vi.waitFor(() => {
        const line = said()[before];
        if (!line) throw new Error(`nothing yet: ${out}`);
        return line;
      }, PATIENT);
    },
    warnings: () => lines().filter(({ msg }) => msg === "settings that differ need a restart"),
    async end(): Promise<number | null> {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

const patience = {
  LLM_TIMEOUT_SECONDS: "60",
  LLM_FIRST_TOKEN_SECONDS: "60",
  LLM_IDLE_SECONDS: "60",
  REQUEST_TIMEOUT_SECONDS: "120",
};
/** Asks until this model answers: on a machine with much to do the first calls may come before it is known to be there. */
function servedBy(url: string, name: string, key?: string): Promise<void> {
  return vi.waitFor(async () => {
    const { served_by } = await createClient(url, key).chat({ message: "hello" });
    expect(served_by).toBe(name);
  }, PATIENT);
}

const keysOf = (fake: FakeModel) =>
  new Set(fake.requests.filter(({ method }) => method === "POST").map(({ headers }) => headers.authorization));

describe("SIGHUP", { timeout: 120_000 }, () => {
  it("brings keys and models in without a restart, and loses no running turn", async () => {
    const clock = createManualClock();
    const [one, two] = [await fakeModel({ clock }), await fakeModel()];
    const env = { API_KEYS_FILE: "keys", LLM_MODEL: "m", ...patience };
    write({ env: { ...env, LLM_BASE_URL: one.url, LLM_API_KEY: "sk-1" }, keys: [`user:${hashed(ada)}`] });
    const server = await start();
    await servedBy(server.url, "primary", ada);
    await expect(createClient(server.url, bob).chat({ message: "hello" })).rejects.toThrow(/unauthorized/);
    expect(keysOf(one)).toEqual(new Set(["Bearer sk-1"]));

    one.fault("slow-1000");
    const running = createClient(server.url, ada).chat({ message: "Where is my order?" });
    await vi.waitFor(() => expect(one.open).toBe(1), PATIENT);
    write({ env: { ...env, LLM_BASE_URL: two.url, LLM_API_KEY: "sk-2" }, keys: [`user:${hashed(bob)}`] });
    expect(await server.hangUp()).toMatchObject({ msg: "settings re-read", models: ["primary"], keys: 1 });
    one.fault(undefined);
    await clock.advance(1_000);
    expect(await running).toMatchObject({ served_by: "primary" });

    await expect(createClient(server.url, ada).chat({ message: "hello" })).rejects.toThrow(/unauthorized/);
    const before = one.requests.length;
    await servedBy(server.url, "primary", bob);
    expect(keysOf(two)).toEqual(new Set(["Bearer sk-2"]));
    expect(one.requests.length).toBe(before);
    expect(server.out()).not.toMatch(/sk-[12]|ada-|bob-/);
    expect(await server.end()).toBe(0);
  });

  it("fault 74: settings with a problem are refused as a whole, named, and the old ones go on", async () => {
    const [one, two] = [await fakeModel(), await fakeModel()];
    const env = { API_KEYS_FILE: "keys", LLM_MODEL: "m" };
    write({ env: { ...env, LLM_BASE_URL: one.url }, keys: [`user:${hashed(ada)}`] });
    const server = await start();
    write({ env: { ...env, LLM_BASE_URL: two.url }, keys: [`user:${hashed(ada)}`, `user:${bob}`] });
    expect(await server.hangUp()).toMatchObject({
      msg: "settings refused, the old ones stay",
      problems: ["API_KEYS_FILE: line 3: only hashed keys may be in a file: write sha256:HEX"],
    });
    write({ env: { ...env, LLM_BASE_URL: two.url, MAX_ATTEMPTS: "many" }, keys: [`user:${hashed(bob)}`] });
    expect(await server.hangUp()).toMatchObject({
      problems: ['MAX_ATTEMPTS: "many" is not allowed; allowed: a whole number from 1 to 10'],
    });
    await servedBy(server.url, "primary", ada);
    expect([one, two].map((fake) => keysOf(fake).size)).toEqual([1, 0]);
    expect(server.out()).not.toContain("bob-");
    expect(await server.end()).toBe(0);
  });

  it("brings a keyless server its first model; the environment beats the file, and what needs a restart is named", async () => {
    const one = await fakeModel();
    write({ env: {} });
    const server = await start();
    await servedBy(server.url, "mock");
    write({
      env: {
        LLM_BASE_URL: one.url,
        LLM_MODEL: "m",
        PORT: "not even a number",
        GRAPH_ENGINE: "sequential",
      },
    });
    expect(await server.hangUp()).toMatchObject({ msg: "settings re-read", models: ["primary"], keys: 0 });
    expect(server.warnings()).toMatchObject([{ variables: ["GRAPH_ENGINE"] }]);
    await servedBy(server.url, "primary");
    write({ env: {} });
    expect(await server.hangUp()).toMatchObject({ msg: "settings re-read", models: [] });
    await servedBy(server.url, "mock");
    expect(server.warnings()).toHaveLength(1);
    expect(await server.end()).toBe(0);
  });
});
