import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deriveConfig } from "../../src/config/config.ts";
import { processEnvironment, readValues } from "../../src/config/env.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import type { Variable } from "../../src/config/variable.ts";
import { reserved, variables } from "../../src/config/variables.ts";
import { problemsOf } from "./problems.ts";

const KEY = "user:0123456789abcdef0123456789abcdef";

describe("configuration (fault 74)", () => {
  it("needs nothing: keyless, loopback, open, with the sample shop", () => {
    expect(deriveConfig(readValues({}))).toMatchObject({
      production: false,
      host: "127.0.0.1",
      port: 8080,
      authMode: "open",
      sampleKnowledge: true,
      graph: { engine: "langgraph" },
      store: { provider: "embedded", directory: "./data" },
      business: { provider: "mock" },
      limits: { deadlineMs: 30_000, failureThreshold: 3 },
    });
  });

  it("makes nothing up in production", () => {
    expect(deriveConfig(readValues({ NODE_ENV: "production" }))).toMatchObject({
      sampleKnowledge: false,
      business: { provider: "none" },
    });
  });

  it("takes an empty value for unset, as container set-ups pass it", () => {
    expect(deriveConfig(readValues({ PORT: "", API_KEYS: "  ", REDIS_URL: "" })).port).toBe(8080);
  });

  it.each([
    ["PORT", "80a", "a whole number from 0 to 65535"],
    ["PORT", "65536", "a whole number from 0 to 65535"],
    ["PORT", "-1", "a whole number from 0 to 65535"],
    ["PORT", "8080.5", "a whole number from 0 to 65535"],
    ["SAMPLE_KNOWLEDGE", "yes", "on or off"],
    ["GRAPH_ENGINE", "lang-graph", "langgraph or sequential"],
    ["REQUEST_TIMEOUT_SECONDS", "0", "a whole number from 1 to 300 (seconds)"],
    ["TIMEZONE", "Mars/Base", "an IANA time zone"],
    ["CORS_ORIGINS", "https://a.example/path", "origins such as"],
    ["NODE_ENV", "prod", "development or test or production"],
    ["TOKENS_PER_DAY", "0", "a whole number from 1 to 1000000000000 (tokens)"],
    ["COOLDOWN_SECONDS", "3601", "a whole number from 1 to 3600 (seconds)"],
    ["COOLDOWN_SECONDS", "0", "a whole number from 1 to 3600 (seconds)"],
    ["MAX_ATTEMPTS", "11", "a whole number from 1 to 10"],
    ["MAX_ATTEMPTS", "0", "a whole number from 1 to 10"],
    ["LLM_PRICE_INPUT", "-1", "a number from 0 to 10000, such as 2.5 (USD per million tokens)"],
    ["LLM_PRICE_INPUT", "1e3", "a number from 0 to 10000"],
    ["LLM_CONTEXT_WINDOW", "128k", "a whole number from 512 to 100000000 (tokens)"],
    ["LLM_FIRST_TOKEN_SECONDS", "0.5", "a whole number from 1 to 300 (seconds)"],
    ["LLM_PROVIDER", "mistral", "openai or anthropic or google or groq or ollama"],
    ["LLM_TIERS", "premium", "TIER:NAME+NAME"],
    ["LLM_TIERS", "premium:", "TIER:NAME+NAME"],
    ["LLM_CALLERS", "plan:small,", "with steps recognise, plan, compose, escalate"],
  ])("%s=%s stops the start and says what is allowed", (name, value, allowed) => {
    const [problem] = problemsOf({ [name]: value });
    expect(problem).toContain(`${name}: ${JSON.stringify(value)}`);
    expect(problem).toContain(allowed);
  });

  it.each([
    ["SAMPLE_KNOWLEGE", "SAMPLE_KNOWLEDGE"],
    ["REQUEST_TIMEOUT_SECOND", "REQUEST_TIMEOUT_SECONDS"],
    ["API_KEY", "API_KEYS"],
    ["DATA_DRI", "DATA_DIR"],
    ["REDIS_URI", "REDIS_URL"],
    ["LLM_API_KYE", "LLM_API_KEY"],
    ["ANTROPIC_API_KEY", "ANTHROPIC_API_KEY"],
    ["COOLDOWN_SECOND", "COOLDOWN_SECONDS"],
    ["API_KEY_FILE", "API_KEYS_FILE"],
    ["LLM_TIER", "LLM_TIERS"],
    ["SMALL_LLM_MODLE", "SMALL_LLM_MODEL"],
  ])("%s is a near-miss of %s", (name, meant) => {
    expect(problemsOf({ [name]: "x" })).toEqual([`${name}: unknown; did you mean ${meant}?`]);
  });

  it("leaves the variables of others alone", () => {
    const others = [
      "HOSTNAME",
      "HOME",
      "PATH",
      "PWD",
      "LANG",
      "TERM",
      "USER",
      "SHLVL",
      "npm_config_cache",
      "COLOR",
      "XDG_DATA_DIRS",
    ];
    expect(problemsOf(Object.fromEntries(others.map((name) => [name, "x"])))).toEqual([]);
  });

  it.each(reserved)("%s is refused rather than ignored", (name) => {
    expect(problemsOf({ [name]: "x" })).toEqual([`${name}: this version has no port for it yet; unset it`]);
  });

  it("names every problem at once, and never a secret", () => {
    const problems = problemsOf({ PORT: "x", LOG_LEVEL: "loud", REDIS_URL: "http://:hunter2@h" });
    expect(problems).toHaveLength(3);
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it.each([
    [{ HOST: "0.0.0.0", AUTH_MODE: "open" }, /AUTH_MODE: "open" is only allowed on loopback/],
    [{ HOST: "0.0.0.0" }, /API_KEYS: unset/],
    [{ AUTH_MODE: "required" }, /API_KEYS: unset/],
    [{ WORKING_HOURS_START: "9" }, /give both or neither/],
    [{ WORKING_HOURS_START: "18", WORKING_HOURS_END: "9" }, /WORKING_HOURS_END: 9 must be later/],
    [{ NODE_ENV: "production", FAULTS: "llm:refuse" }, /FAULTS: refused/],
  ])("%o do not fit together", (environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringMatching(problem)]);
  });

  it("is deeply frozen, so that nobody changes it under way", () => {
    const config = deriveConfig(readValues({ LLM_MODEL: "m", LLM_API_KEY: "k", LLM_TIERS: "all:primary" }));
    const parts = [config, config.limits, config.llm, config.llm.models, config.llm.models[0], config.llm.tiers[0]];
    expect(parts.map((part) => Object.isFrozen(part))).not.toContain(false);
  });

  it("limits tokens only where that is asked for", () => {
    expect(deriveConfig(readValues({})).limits.tokensPerDay).toBeNull();
    expect(deriveConfig(readValues({ TOKENS_PER_DAY: "250000" })).limits.tokensPerDay).toBe(250_000);
  });

  it("asks for keys as soon as the server can be reached from elsewhere", () => {
    expect(deriveConfig(readValues({ HOST: "0.0.0.0", API_KEYS: KEY })).authMode).toBe("required");
    expect(deriveConfig(readValues({ HOST: "::1" })).authMode).toBe("open");
  });

  it("takes keys from a file as well, which it reads with the other secrets", () => {
    const directory = mkdtempSync(join(tmpdir(), "understudy-"));
    const file = join(directory, "keys");
    const values = readValues({ HOST: "0.0.0.0", API_KEYS_FILE: file });
    expect(deriveConfig(values).authMode).toBe("required");
    expect(deriveConfig(readValues({ API_KEYS_FILE: file })).authMode).toBe("required");
    expect(() => readSecrets(values)).toThrow(new RegExp(`^API_KEYS_FILE: "${file}" cannot be read: ENOENT`));
    writeFileSync(file, "user:sha256:0\n");
    expect(readSecrets(values)).toMatchObject({ apiKeys: "", apiKeysFile: "user:sha256:0\n" });
    rmSync(directory, { recursive: true });
    expect(problemsOf({ AUTH_MODE: "open", API_KEYS_FILE: file })).toEqual([
      expect.stringMatching(/^API_KEYS_FILE: given/),
    ]);
  });

  it("names a .env that cannot be read", () => {
    const directory = mkdtempSync(join(tmpdir(), "understudy-"));
    mkdirSync(join(directory, ".env"));
    expect(() => processEnvironment(directory)).toThrow(/^\.env: cannot be read: EISDIR/);
    rmSync(directory, { recursive: true });
  });

  it("allows faults in production when that is said twice", () => {
    const environment = { NODE_ENV: "production", FAULTS: "llm:refuse", FAULTS_IN_PRODUCTION: "on" };
    expect(problemsOf(environment)).toEqual([]);
  });
});

describe("the business system", () => {
  const api = { BUSINESS_API_BASE_URL: "http://127.0.0.1:9" };
  const business = (environment: Record<string, string>) => deriveConfig(readValues(environment)).business;

  it("is the API as soon as its address is given; in production nothing made up stands in", () => {
    expect(business(api)).toMatchObject({ provider: "http", fallback: "mock", timeoutMs: 5_000 });
    expect(business({ ...api, NODE_ENV: "production" })).toMatchObject({ provider: "http", fallback: "none" });
    expect(business({ ...api, NODE_ENV: "production", BUSINESS_FALLBACK: "mock" })).toMatchObject({ fallback: "mock" });
  });

  it.each([
    [{ BUSINESS_ADAPTER_MODE: "http" }, /^BUSINESS_API_BASE_URL: unset/],
    [{ BUSINESS_ADAPTER_MODE: "mock", ...api }, /^BUSINESS_API_BASE_URL: given/],
    [{ LANGFUSE_PUBLIC_KEY: "pk" }, /give all three or none/],
  ])("%o does not fit together", (environment, problem) => {
    expect(problemsOf(environment as Record<string, string>)).toEqual([expect.stringMatching(problem)]);
  });
});

describe(".env.example", () => {
  it("lists every variable with its default, its range and its meaning", async () => {
    const blocks = Object.entries<Variable<unknown>>(variables).map(
      ([name, variable]) =>
        `# ${variable.about}\n# Allowed: ${variable.allowed}.\n#${name}=${variable.initial ?? ""}\n`,
    );
    const head =
      "# Every variable of the server, with its default. Remove the # to change one; the environment beats this file.\n";
    await expect([head, ...blocks].join("\n")).toMatchFileSnapshot("../../.env.example");
  });
});
