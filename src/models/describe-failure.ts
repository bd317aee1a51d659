import { type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import type { LoadFailure } from "./protocol.ts";
import { installVendor, vendorPackage } from "./vendor.ts";

const LONGEST_REASON = 300;
/** Of the file system: the machine is at fault, not the file. */
const machineCodes = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO", "ENOTDIR"]);
/** As C++, the runtime of the graph, V8 and the system say it. */
const NO_MEMORY = /bad_alloc|failed to allocate memory|out of memory|cannot allocate memory|allocation failed/i;

/**
 * Gives an error of a load its class. What has no sign of being anything else is a broken file (`bad_response`): the parsers
 * of JSON, protobuf, tokenizers and graphs have no error of their own in common.
 */
export function describeFailure(error: unknown): LoadFailure {
  const failure = (errorClass: ErrorClass, message: string, final = false): LoadFailure => ({
    errorClass,
    message,
    final,
  });
  const layerError = layerErrorOf(error);
  if (layerError) return failure(layerError.errorClass, layerError.message);
  const reason = reasonOf(error);
  const code = codeOf(error);
  if (code === "ERR_MODULE_NOT_FOUND" && reason.includes(vendorPackage)) {
    return failure("missing", `the package "${vendorPackage}" is not installed: ${installVendor}`, true);
  }
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || code === "ERR_DLOPEN_FAILED") {
    return failure("missing", `the package "${vendorPackage}" cannot be loaded on this machine: ${reason}`, true);
  }
  if (error instanceof Error && error.name === "ModelFileNotFoundError") return failure("missing", "not found");
  if (code !== undefined && machineCodes.has(code)) return failure("server", `the cache cannot be used: ${reason}`);
  if (NO_MEMORY.test(messageOf(error)))
    return failure("server", `this machine has too little memory for it: ${reason}`);
  return failure("bad_response", `its files cannot be read: ${reason}`);
}

/** The library passes our errors on as they are, or as the cause of its own. */
function layerErrorOf(error: unknown): LayerError | undefined {
  if (error instanceof LayerError) return error;
  return error instanceof Error && error.cause !== undefined ? layerErrorOf(error.cause) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reasonOf(error: unknown): string {
  return (messageOf(error).split("\n", 1)[0] ?? "").slice(0, LONGEST_REASON);
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
