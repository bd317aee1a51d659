import { expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { describeFailure } from "../../src/models/describe-failure.ts";
import { loadModel } from "../../src/models/load-model.ts";
import type { LoadPlan } from "../../src/models/protocol.ts";

const plan: LoadPlan = {
  kind: "feature-extraction",
  model: "tiny/embedding",
  revision: "main",
  dtype: "fp32",
  pooling: "mean",
  source: { kind: "local directory", directory: "/models" },
};

const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

it("fault 32: says what to install when the package is not there", async () => {
  const absent = () => Promise.reject(coded("ERR_MODULE_NOT_FOUND", "Cannot find package '@xenova/transformers'"));
  const failure = await loadModel(plan, fetch, absent).then(() => undefined, describeFailure);
  expect(failure).toEqual({
    errorClass: "missing",
    message:
      'the package "@xenova/transformers" is not installed: npm install @xenova/transformers@npm:@huggingface/transformers@4.3.1',
    final: true,
  });
});

const notFound = Object.assign(new Error("http://hub.example/secret not found"), { name: "ModelFileNotFoundError" });

it.each<[string, unknown, object]>([
  ["native part", coded("ERR_DLOPEN_FAILED", "libonnxruntime.so"), { errorClass: "missing", final: true }],
  [
    "package of the package",
    coded("ERR_MODULE_NOT_FOUND", "Cannot find 'sharp'"),
    { errorClass: "missing", final: true },
  ],
  ["file of the model", notFound, { errorClass: "missing", message: "not found", final: false }],
  ["full disk", coded("ENOSPC", "no space left"), { errorClass: "server", final: false }],
  ["memory of C++", new Error("std::bad_alloc"), { errorClass: "server", final: false }],
  [
    "memory of the graph",
    new Error(
      "Exception during initialization: bfc_arena.cc\nFailed to allocate memory for requested buffer of size 9",
    ),
    { errorClass: "server" },
  ],
  ["memory of V8", new RangeError("Array buffer allocation failed"), { errorClass: "server" }],
  ["memory of the process", new Error("Out of memory"), { errorClass: "server" }],
  [
    "parser",
    new SyntaxError("Unexpected token <\nand more"),
    { errorClass: "bad_response", message: "its files cannot be read: Unexpected token <" },
  ],
  ["error of ours", new LayerError("timeout", "silent"), { errorClass: "timeout", message: "silent" }],
  [
    "error of ours inside",
    new Error("fetch", { cause: new LayerError("auth", "no") }),
    { errorClass: "auth", message: "no" },
  ],
  ["no error", "a word", { errorClass: "bad_response" }],
])("gives a failure its class: %s", (_, error, expected) => {
  expect(describeFailure(error)).toMatchObject(expected);
});
