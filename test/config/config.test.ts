import { describe, expect, it } from "vitest";
import { deriveConfig } from "../../src/config/config.ts";
import { ConfigError, readValues } from "../../src/config/env.ts";
import { readSecrets } from "../../src/config/secrets.ts";
import type { Variable } from "../../src/config/variable.ts";
import { reserved, variables } from "../../src/config/variables.ts";

const KEY = "user:0123456789abcdef0123456789abcdef";

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    deriveConfig(readValues(environment));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

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

  it("asks for keys as soon as the server can be reached from elsewhere", () => {
    expect(deriveConfig(readValues({ HOST: "0.0.0.0", API_KEYS: KEY })).authMode).toBe("required");
    expect(deriveConfig(readValues({ HOST: "::1" })).authMode).toBe("open");
  });

  it("allows faults in production when that is said twice", () => {
    const environment = { NODE_ENV: "production", FAULTS: "llm:refuse", FAULTS_IN_PRODUCTION: "on" };
    expect(problemsOf(environment)).toEqual([]);
  });
});

const models = (environment: Record<string, string>) => deriveConfig(readValues(environment)).llm.models;

describe("language models", () => {
  it("takes one model in the short form, with the keys that the field knows", () => {
    expect(models({ LLM_MODEL: "gpt-x", OPENAI_API_KEY: "sk-1" })).toEqual([
      { name: "primary", model: "gpt-x", baseUrl: undefined, timeoutMs: 15_000 },
    ]);
    const local = { LLM_MODEL: "llama", LLM_BASE_URL: "http://127.0.0.1:11434/v1", LLM_TIMEOUT_SECONDS: "40" };
    expect(models(local)).toEqual([
      { name: "primary", model: "llama", baseUrl: "http://127.0.0.1:11434/v1", timeoutMs: 40_000 },
    ]);
  });

  it("takes several in order, each with its own key, which the configuration does not hold", () => {
    const environment = {
      LLM_PRIORITY_ORDER: "primary_llm, Backup",
      PRIMARY_LLM_MODEL: "one",
      PRIMARY_LLM_API_KEY: "sk-1",
      BACKUP_LLM_MODEL: "two",
      BACKUP_LLM_BASE_URL: "http://127.0.0.1:9/v1",
      BACKUP_LLM_TIMEOUT_SECONDS: "3",
      LLM_FALLBACK: "none",
    };
    const values = readValues(environment);
    expect(deriveConfig(values).llm).toEqual({
      models: [
        { name: "primary", model: "one", baseUrl: undefined, timeoutMs: 15_000 },
        { name: "backup", model: "two", baseUrl: "http://127.0.0.1:9/v1", timeoutMs: 3_000 },
      ],
      fallback: "none",
    });
    expect(readSecrets(values).modelKeys).toEqual({ primary: "sk-1" });
    expect(JSON.stringify(deriveConfig(values))).not.toContain("sk-1");
  });

  it.each([
    [{ OPENAI_API_KEY: "sk-1" }, /^LLM_MODEL: unset/],
    [{ LLM_MODEL: "x" }, /^LLM_API_KEY: unset; give a key, or LLM_BASE_URL/],
    [{ LLM_MODEL: "x", LLM_BASE_URL: "localhost:11434" }, /^LLM_BASE_URL: .* is not allowed/],
    [{ LLM_PRIORITY_ORDER: "a", A_LLM_API_KEY: "k" }, /^A_LLM_MODEL: unset/],
    [{ LLM_PRIORITY_ORDER: "a b" }, /^LLM_PRIORITY_ORDER: "a b" is not allowed/],
    [{ LLM_PRIORITY_ORDER: "a", A_LLM_MODEL: "x", A_LLM_API_KEY: "k", B_LLM_MODEL: "y" }, /^B_LLM_MODEL: b is not in/],
    [{ LLM_PRIORITY_ORDER: "a", A_LLM_MODEL: "x", A_LLM_API_KEY: "k", A_LLM_PROVIDER: "z" }, /^A_LLM_PROVIDER: "z"/],
    [
      { LLM_PRIORITY_ORDER: "primary", PRIMARY_LLM_MODEL: "x", PRIMARY_LLM_API_KEY: "k", PRIMRAY_LLM_BASE_URL: "u" },
      /did you mean PRIMARY_LLM_BASE_URL/,
    ],
    [{ LLM_PRIORITY_ORDER: "a", A_LLM_MODEL: "x", A_LLM_API_KEY: "k", LLM_MODEL: "y" }, /^LLM_MODEL: given beside/],
  ])("%o stops the start", (environment, problem) => {
    expect(problemsOf(environment as Record<string, string>)).toContainEqual(expect.stringMatching(problem));
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
