import { z } from "zod";
import { type Fault, parseFaults } from "../fallbacks/core/faults.ts";
import { Problem } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

const PATH = "/api/v1/admin/faults";
const LONGEST_PLAN = 1_000;

const planSchema = z.object({
  faults: z
    .string()
    .meta({ description: "As the variable FAULTS has it, such as llm:500@0.3;store:hang; empty: none." }),
});

const bodySchema = z.strictObject({ faults: z.string().max(LONGEST_PLAN) });

/** Faults on request while the server runs, to rehearse an outage. */
export function faultRoutes(deps: ServerDeps): readonly Route[] {
  const shown = () => ({ json: { faults: deps.operate.faults.plan.map(textOf).join(";") } });
  return [
    defineRoute({
      method: "get",
      path: PATH,
      role: "operator",
      summary: "The faults that are injected now",
      answer: { status: 200, description: "The plan", schema: planSchema },
      handle: shown,
    }),
    defineRoute({
      method: "post",
      path: PATH,
      role: "operator",
      summary: "Inject these faults from now on, in the place of those before; not in production",
      body: jsonBody(bodySchema, deps.settings.maxBodyBytes.chat),
      answer: { status: 200, description: "The plan", schema: planSchema },
      handle({ body, principal, context }) {
        const audit = { requestId: context.requestId, keyId: principal.keyId, faults: body.faults };
        if (!deps.operate.faults.allowed) {
          deps.log.warn(audit, "audit: faults were refused");
          throw new Problem("forbidden", "No faults in production; FAULTS_IN_PRODUCTION=on allows them.");
        }
        deps.operate.faults.set(planOf(body.faults, deps));
        deps.log.warn(audit, "audit: faults were set");
        return shown();
      },
    }),
  ];
}

/** @throws {Problem} for what is no plan, and for a layer that has nothing that a fault could hit. */
function planOf(text: string, { layers }: ServerDeps): readonly Fault[] {
  const plan = parsed(text);
  for (const { layer } of plan) {
    if ((layers().find((status) => status.layer === layer)?.ports.length ?? 0) > 1) continue;
    const detail = `faults: ${layer} has only its last port, which no fault hits; start the server with FAULTS to give it another.`;
    throw new Problem("invalid_request", detail, { field: "faults" });
  }
  return plan;
}

function parsed(text: string): readonly Fault[] {
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Problem("invalid_request", `faults: ${error.message}.`, { field: "faults" });
    throw error;
  }
}

/** What `parseFaults` reads. */
function textOf({ layer, mode, probability }: Fault): string {
  return `${layer}:${modeText(mode)}${probability === 1 ? "" : `@${probability}`}`;
}

function modeText(mode: Fault["mode"]): string {
  if (mode.kind === "status") return String(mode.status);
  if ("ms" in mode) return `${mode.kind}(${mode.ms})`;
  return "pieces" in mode ? `${mode.kind}(${mode.pieces})` : mode.kind;
}
