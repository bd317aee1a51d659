import type { PastTurn, Recognition, Slots } from "../state.ts";

export interface PlanInput {
  readonly message: string;
  readonly history: readonly PastTurn[];
  /** After this message: its own numbers included. */
  readonly slots: Slots;
  readonly recognition: Recognition;
}
