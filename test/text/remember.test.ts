import { expect, it } from "vitest";
import { remember } from "../../src/text/remember.ts";

it("computes again only what has been unused for longest", () => {
  const computed: string[] = [];
  const length = remember(2, (text) => {
    computed.push(text);
    return text.length;
  });
  expect([length("a"), length("bb"), length("a"), length("ccc"), length("a"), length("bb")]).toEqual([
    1, 2, 1, 3, 1, 2,
  ]);
  expect(computed).toEqual(["a", "bb", "ccc", "bb"]);
});
