import { expect, it } from "vitest";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import { storeContract } from "../../contracts/store.ts";

storeContract("memory", createMemoryStore);

it("says that it does not last", () => {
  expect(createMemoryStore()).toMatchObject({ name: "memory", durability: "memory" });
});
