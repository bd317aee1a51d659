import { z } from "zod";
import { idSchema } from "./chat-schemas.ts";
import { createDrain, RETRY_AFTER_S } from "./drain.ts";
import { createEventStream, noticeText } from "./event-stream.ts";
import { ownerQuery } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import type { SessionEvent } from "./session-stream-events.ts";
import { createStreamLimit } from "./stream-limit.ts";
import type { TurnDeps } from "./turn-deps.ts";

const MOST_OF_A_KEY = 8;

export function sessionStreamRoutes(deps: TurnDeps): readonly Route[] {
  const { conversations, sessionEvents, clock, drain = createDrain() } = deps;
  const enter = createStreamLimit(MOST_OF_A_KEY, "sessions");

  return [
    defineRoute({
      method: "get",
      path: "/api/v1/sessions/:session_id/stream",
      role: "user",
      summary: "What happens in a session from now on, whoever asks and whichever process answers",
      params: z.strictObject({ session_id: idSchema }),
      query: ownerQuery,
      answer: {
        status: 200,
        description:
          "Events: `turn` when one has begun, and when it has ended (as in the session's page of turns; a reply of more than " +
          "200 kB is null and to be fetched there), `missed` when some may have been lost on the way between processes, `shutdown` " +
          "when this server goes away: connect again. Nothing is repeated: read the session after the first bytes have come.",
        type: "text/event-stream",
      },
      problems: ["session_not_found", "shutting_down"],
      async handle({ principal, callerKey, params: { session_id: sessionId }, query: { user }, context, response }) {
        const leave = enter(callerKey);
        try {
          await conversations.turns({ keyId: principal.keyId, user }, sessionId, { limit: 1 }, context);
          const stream = createEventStream(response, { clock });
          const hear = (event: SessionEvent | undefined) =>
            stream.write(event ? noticeText(event.event, event.data) : noticeText("missed", {}));
          const stop = sessionEvents?.watch(sessionId, hear);
          stream.write(": from now on\n\n");
          await eitherOf(context.signal, drain.begun);
          stop?.();
          stream.end(noticeText("shutdown", { retry_after_s: RETRY_AFTER_S }));
          return "sent" as const;
        } finally {
          leave();
        }
      },
    }),
  ];
}

function eitherOf(one: AbortSignal, other: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      one.removeEventListener("abort", settle);
      other.removeEventListener("abort", settle);
      resolve();
    };
    if (one.aborted || other.aborted) return settle();
    one.addEventListener("abort", settle);
    other.addEventListener("abort", settle);
  });
}
