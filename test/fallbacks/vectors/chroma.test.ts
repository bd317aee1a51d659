import { afterAll, afterEach, beforeAll } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createChromaVectors } from "../../../src/fallbacks/vectors/chroma.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { vectorsContract } from "../../contracts/vectors.ts";
import { type ChromaServer, describeWithChroma, startChroma } from "../../support/chroma-server.ts";

describeWithChroma("Chroma vectors", () => {
  let server: ChromaServer;
  let made = 0;
  const ports: Vectors[] = [];

  beforeAll(async () => {
    server = await startChroma();
  });
  afterAll(() => server.close());
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close?.();
  });

  const create = () => {
    made += 1;
    const port = createChromaVectors({
      url: server.url,
      clock: systemClock,
      prefix: `test-${made}`,
      timeoutMs: 20_000,
    });
    ports.push(port);
    return port;
  };

  vectorsContract("Chroma vectors", { create, histories: 15 });
});
