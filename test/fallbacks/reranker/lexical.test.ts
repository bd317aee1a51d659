import { expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createLexicalReranker } from "../../../src/fallbacks/reranker/lexical.ts";
import { rerankerContract } from "../../contracts/reranker.ts";
import { createManualClock } from "../../support/manual-clock.ts";

rerankerContract("lexical reranker", createLexicalReranker);

const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 10_000 });

it("prefers the rare word of the question to the one that all candidates hold", async () => {
  const texts = ["The machine shows E8.", "The machine shows E3.", "The machine is on the machine."];
  const [e8 = 0, e3 = 0, other = 0] = await createLexicalReranker().score("machine E3", texts, context);
  expect(e3).toBeGreaterThan(e8);
  expect(e3).toBeGreaterThan(other);
});

it("prefers words that stand together, and words in the heading", async () => {
  const apart = "card is what you send; then wait some days here for any refund";
  const together = "what you send is for you; wait some days here, card refund";
  const [far = 0, near = 0] = await createLexicalReranker().score("card refund", [apart, together], context);
  expect(near).toBeGreaterThan(far);
  const [plain = 0, headed = 0] = await createLexicalReranker().score(
    "refund",
    ["Care\nAsk for a refund.", "Refund\nAsk for a care."],
    context,
  );
  expect(headed).toBeGreaterThan(plain);
});
