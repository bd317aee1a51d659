import type { LayerStatus } from "../fallbacks/core/status.ts";
import type { Tracing } from "../fallbacks/tracing/port.ts";

/** What the layer says, with the turns that were lost and, while it is not well, those that wait to be sent. */
export function tracingStatus(status: LayerStatus, port: Tracing | undefined): LayerStatus {
  const { operations, dropped } = port?.backlog?.() ?? { operations: 0, dropped: 0 };
  const waiting = operations === 0 || status.state === "ok" ? "" : ` ${operations} turns wait to be sent.`;
  const lost = dropped === 0 ? "" : ` ${dropped} turns were lost since the start.`;
  return { ...status, impact: `${status.impact}${waiting}${lost}` };
}
