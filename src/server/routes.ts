import { chatRoutes } from "./chat-routes.ts";
import { healthRoutes } from "./health-routes.ts";
import { knowledgeRoutes } from "./knowledge-routes.ts";
import { openapiRoutes } from "./openapi-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import type { Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { sessionRoutes } from "./session-routes.ts";
import { sourceRoutes } from "./source-routes.ts";

/** Everything that this server answers. What is not in this table is refused. */
export function createRoutes(deps: ServerDeps): readonly Route[] {
  const routes: readonly Route[] = [
    ...chatRoutes(deps),
    ...sessionRoutes(deps),
    ...sourceRoutes(deps),
    ...knowledgeRoutes(deps),
    ...healthRoutes(deps),
    ...openapiRoutes(() => routes, deps.settings.version),
    ...pageRoutes(deps),
  ];
  return routes;
}
