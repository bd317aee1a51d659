import { describe, expect, it } from "vitest";
import { asLayerError, classOfStatus, LayerError } from "../../../src/fallbacks/core/errors.ts";

describe("error classes", () => {
  it.each([
    [400, "invalid_request"],
    [401, "auth"],
    [403, "auth"],
    [404, "model_missing"],
    [408, "timeout"],
    [413, "invalid_request"],
    [422, "invalid_request"],
    [429, "rate_limited"],
    [500, "server"],
    [503, "server"],
    [529, "server"],
    [200, "bad_response"],
  ] as const)("status %i is %s", (status, errorClass) => {
    expect(classOfStatus(status)).toBe(errorClass);
  });

  it("keeps a class that was given at birth, and gives one to everything else, keeping the cause", () => {
    const born = new LayerError("quota", "no credit");
    expect(asLayerError(born)).toBe(born);
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(asLayerError(refused)).toMatchObject({ errorClass: "network", cause: refused });
    expect(asLayerError(Object.assign(new Error("x"), { code: "ERR_MODULE_NOT_FOUND" })).errorClass).toBe("missing");
    expect(asLayerError(new DOMException("stop", "AbortError")).errorClass).toBe("aborted");
    expect(asLayerError(new TypeError("x is not a function")).errorClass).toBe("server");
    expect(asLayerError("text")).toMatchObject({ errorClass: "server", message: "text" });
  });
});
