import { expect, it } from "vitest";
import { modelEnvironment, modelFlags } from "../../src/models/process-environment.ts";

it("passes on what programs, the network and libraries need, and none of the server's own variables", () => {
  const needed = {
    PATH: "/bin",
    HOME: "/home/a",
    TMPDIR: "/var/tmp",
    LANG: "zh_CN.UTF-8",
    LC_ALL: "C",
    https_proxy: "http://proxy",
    NO_PROXY: "localhost",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    NODE_USE_ENV_PROXY: "1",
    SSL_CERT_FILE: "/ca.pem",
    LD_PRELOAD: "/usr/lib/libjemalloc.so",
    OMP_NUM_THREADS: "2",
    HF_TOKEN: "of the hub",
  };
  const kept = {
    LLM_API_KEY: "secret",
    OPENAI_API_KEY: "secret",
    PRIMARY_LLM_API_KEY: "secret",
    API_KEYS: "secret",
    REDIS_URL: "redis://:secret@host",
    CHROMA_TOKEN: "secret",
    LANGFUSE_SECRET_KEY: "secret",
    HF_ENDPOINT: "https://user:secret@hub",
    NODE_OPTIONS: "--inspect",
    MY_PATH: "secret",
    HOMEPAGE: "secret",
    AWS_SECRET_ACCESS_KEY: "secret",
    ABSENT: undefined,
    PATHS: undefined,
  };
  expect(modelEnvironment({ ...needed, ...kept, TZ: undefined })).toEqual(needed);
});

it.each<[string, readonly string[], string | undefined, readonly string[]]>([
  ["none", [], undefined, []],
  ["a debugger and loaders", ["--inspect=0", "--import", "tsx", "--require", "/a.cjs", "--test"], undefined, []],
  ["limits on memory", ["--max-old-space-size=512"], "--max-semi-space-size=64", []],
  [
    "the network",
    ["--use-system-ca", "--dns-result-order", "ipv4first", "--tls-min-v1.3"],
    "--inspect  --use-env-proxy --dns-result-order=verbatim",
    [
      "--use-env-proxy",
      "--dns-result-order=verbatim",
      "--use-system-ca",
      "--dns-result-order",
      "ipv4first",
      "--tls-min-v1.3",
    ],
  ],
  [
    "in quotes",
    [],
    '--openssl-config="/a b/\\"o\\\\.cnf"  --require="/c d.cjs" "--dns-result-order" "ipv4first" --tls-cipher-list="A:B""C" ""',
    ['--openssl-config=/a b/"o\\.cnf', "--dns-result-order", "ipv4first", "--tls-cipher-list=A:BC"],
  ],
  ["a value that stands for nothing", ["--import", "--use-system-ca-not", "x"], "", []],
])("passes on flags of Node for the network alone: %s", (_, given, options, expected) => {
  expect(modelFlags(given, { NODE_OPTIONS: options })).toEqual(["--no-warnings", ...expected]);
});
