import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createReload, type ReloadDeps } from "../../src/commands/reload.ts";
import type { Settings } from "../../src/commands/settings.ts";
import { type Config, deriveConfig } from "../../src/config/config.ts";
import { readValues } from "../../src/config/env.ts";
import { readSecrets, type Secrets } from "../../src/config/secrets.ts";

let directory: string;
let keyFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-"));
  keyFile = join(directory, "keys");
});
afterEach(() => rmSync(directory, { recursive: true }));

type Environment = Record<string, string>;

const hashed = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
const ada = "ada-0123456789-0123456789";
const bob = "bob-0123456789-0123456789";

function settingsOf(environment: Environment): Settings {
  const values = readValues(environment);
  return { config: deriveConfig(values), secrets: readSecrets(values), values };
}

/** A server that was started in an environment, can be given another, and keeps what it is told to follow and to log. */
function reloading(started: Environment, more: Partial<ReloadDeps> = {}) {
  const applied: { readonly config: Config; readonly secrets: Secrets }[] = [];
  const lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  let environment = started;
  const reload = createReload({
    started: settingsOf(started),
    read: () => settingsOf(environment),
    apply: async (config, secrets) => {
      applied.push({ config, secrets });
      return ["primary"];
    },
    log: { info: log("info"), warn: log("warn"), error: log("error") },
    ...more,
  });
  return {
    applied,
    lines,
    reload,
    given: (next: Environment) => {
      environment = next;
    },
  };
}

const model = { LLM_MODEL: "one", LLM_API_KEY: "sk-secret-1" };

describe("settings that are read again", () => {
  it("make the server follow with models, tiers, callers and keys", async () => {
    writeFileSync(keyFile, `user@high:${hashed(ada)}\n`);
    const keyed = { AUTH_MODE: "required", API_KEYS: `admin:${bob}`, API_KEYS_FILE: keyFile };
    const started = { ...model, ...keyed, LLM_TIERS: "high:primary" };
    const { applied, lines, reload, given } = reloading(started);
    writeFileSync(keyFile, `user@low:${hashed(ada)}\nuser:${hashed(`${ada}2`)}\n`);
    given({
      ...keyed,
      LLM_PRIORITY_ORDER: "big,tiny",
      BIG_LLM_MODEL: "two",
      BIG_LLM_API_KEY: "sk-secret-2",
      TINY_LLM_PROVIDER: "ollama",
      TINY_LLM_MODEL: "three",
      LLM_TIERS: "high:big,low:tiny",
      LLM_CALLERS: "plan:tiny+big",
    });
    await reload();
    expect(applied).toMatchObject([
      {
        config: {
          llm: {
            models: [{ name: "big" }, { name: "tiny" }],
            tiers: [{ name: "high" }, { name: "low" }],
            callers: { plan: ["tiny", "big"] },
          },
        },
        secrets: { modelKeys: { big: "sk-secret-2" }, apiKeysFile: expect.stringContaining("user@low") },
      },
    ]);
    const logged = { changed: ["primary"], models: ["big", "tiny"], keys: 3 };
    expect(lines).toEqual([{ level: "info", fields: logged, message: "settings re-read" }]);
  });

  it("name in a warning what needs a restart, as long as it differs, and leave it as it is", async () => {
    const { applied, lines, reload, given } = reloading({ ...model, COOLDOWN_SECONDS: "10" });
    given({ ...model, PORT: "9", REDIS_URL: "redis://:hunter2@h", COOLDOWN_SECONDS: "20", UNDERSTUDY_API_KEY: "x" });
    await reload();
    await reload();
    const variables = ["PORT", "COOLDOWN_SECONDS", "REDIS_URL"];
    const warning = { level: "warn", fields: { variables }, message: "settings that differ need a restart" };
    expect(
      lines.filter(({ level }) => level === "warn").map((line) => ({ ...line, fields: sorted(line.fields) })),
    ).toEqual([warning, warning].map((line) => ({ ...line, fields: sorted(line.fields) })));
    expect(applied[1]).toMatchObject({
      config: { port: 8080, redis: false, llm: { cooldownMs: 10_000 } },
      secrets: { redisUrl: undefined },
    });
    given({ ...model, COOLDOWN_SECONDS: "10" });
    await reload();
    expect(lines.slice(4).map(({ message }) => message)).toEqual(["settings re-read"]);
    expect(JSON.stringify(lines)).not.toContain("hunter2");
  });

  it.each<[string, Environment, string, string]>([
    ["a variable that is wrong", { MAX_ATTEMPTS: "many" }, "", 'MAX_ATTEMPTS: "many" is not allowed'],
    ["a variable that is unknown", { LLM_API_KYE: "k" }, "", "LLM_API_KYE: unknown; did you mean LLM_API_KEY?"],
    ["a list with an unknown model", { LLM_TIERS: "a:x" }, "", "LLM_TIERS: a: there is no model x"],
    ["a plain key in the file", {}, `user:${bob}`, "API_KEYS_FILE: line 2: only hashed keys"],
    ["a tier of a key that is gone", {}, `user@gone:${hashed(bob)}`, "API_KEYS_FILE: line 2 has a tier, but there are"],
    ["no file", { API_KEYS_FILE: "/nowhere/keys" }, "", 'API_KEYS_FILE: "/nowhere/keys" cannot be read: ENOENT'],
    ["keys taken away altogether", { API_KEYS_FILE: "" }, "", "AUTH_MODE: is required and would be open now"],
  ])("are refused as a whole for %s, and the old ones stay", async (_name, more, line, problem) => {
    writeFileSync(keyFile, `user:${hashed(ada)}\n`);
    const started = { ...model, API_KEYS_FILE: keyFile };
    const { applied, lines, reload, given } = reloading(started);
    writeFileSync(keyFile, `user:${hashed(ada)}\n${line}\n`);
    given({ ...started, LLM_MODEL: "two", ...more });
    await reload();
    expect(applied).toEqual([]);
    expect(lines).toEqual([
      {
        level: "error",
        fields: { problems: [expect.stringContaining(problem)] },
        message: "settings refused, the old ones stay",
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/sk-secret|bob-/);
    writeFileSync(keyFile, `user:${hashed(bob)}\n`);
    given({ ...started, LLM_MODEL: "two" });
    await reload();
    expect(applied).toMatchObject([{ config: { llm: { models: [{ model: "two" }] } } }]);
  });

  it("do not turn an open server into one that looks as if it asked for keys", async () => {
    const { applied, lines, reload, given } = reloading(model);
    given({ ...model, API_KEYS: `user:${ada}` });
    await reload();
    expect(applied).toEqual([]);
    expect(lines).toMatchObject([
      { fields: { problems: ["AUTH_MODE: is open and would be required now, which needs a restart"] } },
    ]);
  });

  it("stay as they were when the server cannot follow", async () => {
    const failure = new Error("no");
    const { lines, reload } = reloading(model, { apply: () => Promise.reject(failure) });
    await reload();
    expect(lines).toMatchObject([{ level: "error", fields: { err: failure } }]);
  });

  it("are read one time after the other, and once more for what was asked for meanwhile", async () => {
    const waiting: (() => void)[] = [];
    const seen: string[] = [];
    const { reload, given } = reloading(model, {
      apply: async (config) => {
        seen.push(config.llm.models.map((each) => each.model).join());
        await new Promise<void>((resolve) => waiting.push(resolve));
        return [];
      },
    });
    const first = reload();
    await expect.poll(() => waiting).toHaveLength(1);
    const second = reload();
    given({ ...model, LLM_MODEL: "two" });
    expect(seen).toEqual(["one"]);
    waiting[0]?.();
    await first;
    await expect.poll(() => waiting).toHaveLength(2);
    waiting[1]?.();
    await second;
    expect(seen).toEqual(["one", "two"]);
  });
});

function sorted(fields: object): readonly string[] {
  return "variables" in fields ? [...(fields.variables as readonly string[])].sort() : [];
}
