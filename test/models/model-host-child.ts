import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { asLayerError } from "../../src/fallbacks/core/errors.ts";
import { createModelHost, type ModelHost } from "../../src/models/model-host.ts";
import { testContext } from "../support/context.ts";

// Uses one model, leaves another one loading, closes neither, and ends: `node this-file DIRECTORY MODEL`.
const [localDirectory = "", model = ""] = process.argv.slice(2);
const start = () =>
  createModelHost({
    kind: "feature-extraction",
    model,
    localDirectory,
    cacheDirectory: `${localDirectory}/cache`,
    clock: systemClock,
  });
const run = (host: ModelHost) => host.run({ texts: ["refund"], urgent: true }, testContext());

async function untilReady(host: ModelHost): Promise<number> {
  for (;;) {
    try {
      return (await run(host)).width;
    } catch (error) {
      if (asLayerError(error).errorClass !== "loading") throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function main(): Promise<void> {
  process.stdout.write(`width ${await untilReady(start())}\n`);
  await run(start()).catch((error: unknown) => process.stdout.write(`${asLayerError(error).errorClass}\n`));
}
void main();
