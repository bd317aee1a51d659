import { z } from "zod";
import { userSchema } from "./chat-schemas.ts";

export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,9}$/, { error: "must be a whole number" })
    .transform(Number)
    .pipe(z.int().min(1).max(100))
    .default(20),
  after: z.string().min(1).max(512).optional().meta({ description: "The `next` of the page before." }),
});

export const ownerQuery = z.strictObject({ user: userSchema.default("guest") });

/** `after` only when there is one: an absent field and an undefined one are different things. */
export function pageOf(query: z.output<typeof pageQuery>): { readonly limit: number; readonly after?: string } {
  return query.after === undefined ? { limit: query.limit } : { limit: query.limit, after: query.after };
}

export function pageSchema<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item).readonly(), next: z.string().nullable() });
}
