/** One call that agent 1 decided on, as strict data. */
export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/**
 * `unavailable` is an outage, never "not found"; `failed` is a defect of ours. Of changes that need a yes:
 * - `offered`: shown, not sent, waits for the yes
 * - `incomplete`: cannot be shown yet, something has to be asked first
 * - `refused`: the business system said no by its own rules
 * - `unconfirmed`: sent, without a clear answer
 * - `unsent`: confirmed, but could not be sent
 * - `dropped`: was offered and not confirmed
 */
export const toolStatuses = [
  "found",
  "not_found",
  "done",
  "unavailable",
  "failed",
  "offered",
  "incomplete",
  "refused",
  "unconfirmed",
  "unsent",
  "dropped",
] as const;
export type ToolStatus = (typeof toolStatuses)[number];

export interface ToolResult {
  readonly name: string;
  readonly status: ToolStatus;
  /** Plain data; its shape belongs to the tool. */
  readonly data: unknown;
}
