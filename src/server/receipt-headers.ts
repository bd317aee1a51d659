import type { Degradation } from "../fallbacks/core/status.ts";

/** `llm;by=mock;mode=lower, store;by=embedded;mode=equal`: the receipt for those who read headers only. */
export function degradedHeader(receipt: readonly Degradation[]): string {
  return receipt.map(({ layer, by, mode }) => `${layer};by=${headerName(by)};mode=${mode}`).join(", ");
}

/** A configured name made safe for a header: what is not a token character becomes `_`, at most 64 are kept. */
export function headerName(name: string): string {
  return name.slice(0, 64).replace(/[^A-Za-z0-9._:/@+-]/g, "_");
}
