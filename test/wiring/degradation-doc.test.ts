import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorClasses } from "../../src/fallbacks/core/errors.ts";
import { layerNames } from "../../src/fallbacks/core/status.ts";
import { layerWords } from "../../src/wiring/words.ts";

const page = readFileSync(new URL("../../docs/degradation.md", import.meta.url), "utf8");

describe("docs/degradation.md", () => {
  it.each(layerNames)("says of %s what /health says, mode by mode", (layer) => {
    const { impact, down } = layerWords[layer];
    const [promised = ""] = page.split("## What was seen");
    const rows = promised.split("\n").filter((line) => line.startsWith(`| \`${layer}\` |`));
    const expected = Object.entries(impact).map(([mode, sentence]) => `| ${mode} | ${sentence} | ${down} |`);
    expect(rows.map((row) => row.split("|").slice(3).join("|").trim())).toEqual(
      expected.map((row) => row.slice(1).trim()),
    );
  });

  it("names every error class", () => {
    expect(errorClasses.filter((errorClass) => !page.includes(`\`${errorClass}\``))).toEqual([]);
  });
});
