/** One call that agent 1 decided on, as strict data. */
export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** `unavailable` is an outage, never "not found"; `failed` is a defect of ours. */
export type ToolStatus = "found" | "not_found" | "done" | "unavailable" | "failed";

export interface ToolResult {
  readonly name: string;
  readonly status: ToolStatus;
  /** Plain data; its shape belongs to the tool. */
  readonly data: unknown;
}
