import { request } from "./api.js";

/**
 * Remembers which layers stood in, to say when it is over. A turn that did not use a layer proves nothing about it, so a
 * layer that is missing from a receipt is over only if /health says that it is ok.
 */
export function createOutageWatch() {
  let standingIn = new Set();

  async function nowOk(layers) {
    try {
      const response = await request("/health", { accept: [503] });
      const health = await response.json();
      return layers.filter((layer) => health.layers?.[layer]?.state === "ok");
    } catch {
      // Not known is not over: the next turn asks again.
      return [];
    }
  }

  return {
    reset(degradation = []) {
      standingIn = new Set(degradation.map((entry) => entry.layer));
    },
    /** Takes the receipt of a new turn; resolves to the layers that are back. */
    async after(degradation) {
      const before = standingIn;
      const here = new Set(degradation.map((entry) => entry.layer));
      const gone = [...before].filter((layer) => !here.has(layer));
      standingIn = new Set([...before, ...here]);
      if (gone.length === 0) return [];
      const over = await nowOk(gone);
      for (const layer of over) standingIn.delete(layer);
      return over;
    },
  };
}
