import { systemClock } from "../fallbacks/core/clock.ts";
import { adminRoutes } from "./admin-routes.ts";
import { chatRoutes } from "./chat-routes.ts";
import { completionsRoutes } from "./completions-routes.ts";
import { healthRoutes } from "./health-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { knowledgeRoutes } from "./knowledge-routes.ts";
import { createLoadShed } from "./load-shed.ts";
import { metricsRoutes } from "./metrics-route.ts";
import { openapiRoutes } from "./openapi-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { privacyRoutes } from "./privacy-routes.ts";
import type { Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { sessionRoutes } from "./session-routes.ts";
import { sourceRoutes } from "./source-routes.ts";
import { createTurnLimit, shedFirst } from "./turn-limit.ts";

/** Of all callers together; whoever allows a single one more than this expects the process to bear it. */
const MOST_TURNS = 200;

/** Everything that this server answers. What is not in this table is refused. */
export function createRoutes(deps: ServerDeps): readonly Route[] {
  const { turnsAtOnce } = deps.settings;
  // How late this process is, is a matter of real time, whatever clock a test moves.
  const shed = createLoadShed({ clock: systemClock, maxInFlight: Math.max(MOST_TURNS, turnsAtOnce) });
  deps.stopping.addEventListener("abort", () => shed.close(), { once: true });
  const turns = shedFirst(shed, createTurnLimit(turnsAtOnce));
  const routes: readonly Route[] = [
    ...chatRoutes(deps, { tiers: deps.tiers, turns }),
    ...completionsRoutes(deps, turns),
    ...sessionRoutes(deps),
    ...sourceRoutes(deps),
    ...knowledgeRoutes(deps),
    ...privacyRoutes(deps),
    ...jobRoutes(deps),
    ...healthRoutes(deps),
    ...metricsRoutes(deps),
    ...adminRoutes(deps),
    ...openapiRoutes(() => routes, deps.settings.version),
    ...pageRoutes(deps),
  ];
  return routes;
}
