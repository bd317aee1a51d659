import { z } from "zod";
import type { Principal } from "../accounts/accounts.ts";
import { tiersFor } from "../accounts/tiers.ts";
import { Problem } from "../problems.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { shorten } from "./validation.ts";

/** The whole chain, as the protocol's clients ask for it; a tier comes after a slash: `understudy/premium`. */
const CHAIN = "understudy";

const modelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});

const listSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema).readonly() });

export function modelsRoutes({ tiers, clock }: Pick<ServerDeps, "tiers" | "clock">): readonly Route[] {
  let created: number | undefined;
  return [
    defineRoute({
      method: "get",
      path: "/v1/models",
      role: "user",
      summary: "What `model` may be in the OpenAI protocol",
      answer: { status: 200, description: "The whole chain, and each tier that the key may use", schema: listSchema },
      handle({ principal }) {
        // The protocol wants a time for every model; the only one that these have is when they were first asked for.
        created ??= Math.floor(clock.wall().getTime() / 1_000);
        const model = { object: "model" as const, created, owned_by: CHAIN };
        const ids = [CHAIN, ...tiersFor(principal.tier, tiers()).map((tier) => `${CHAIN}/${tier}`)];
        return { json: { object: "list" as const, data: ids.map((id) => ({ id, ...model })) } };
      },
    }),
  ];
}

/**
 * The tier that a model name stands for; null: the list for everybody. The name without a tier means the key's own.
 * @throws {Problem} `not_found` for any name that the key may not use, whether it exists or not.
 */
export function tierOfModel(model: string, tiers: readonly string[], principal: Principal): string | null {
  if (model === CHAIN) return principal.tier;
  const tier = tiersFor(principal.tier, tiers).find((name) => model === `${CHAIN}/${name}`);
  if (tier !== undefined) return tier;
  throw new Problem("not_found", `There is no model "${shorten(model)}" for this key; see GET /v1/models.`, {
    field: "model",
  });
}
