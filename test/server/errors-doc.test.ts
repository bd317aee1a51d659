import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { problemTable } from "../../src/problems.ts";

it("docs/errors.md has one full row for each code, with its status", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\S.*) \| (\S.*) \|$/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  expect(rows).toEqual(Object.entries(problemTable).map(([code, { status }]) => [code, status]));
});
