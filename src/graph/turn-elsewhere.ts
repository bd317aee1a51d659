/** The turn that was asked for is being answered by another process now. */
export class TurnElsewhere extends Error {
  override readonly name = "TurnElsewhere";
  readonly sessionId: string;
  readonly turnId: string;
  /** `Cluster.instance` of the process that runs it. */
  readonly runner: string;

  constructor(turn: { readonly sessionId: string; readonly turnId: string; readonly runner: string }) {
    super(`the turn ${turn.turnId} runs in another process`);
    this.sessionId = turn.sessionId;
    this.turnId = turn.turnId;
    this.runner = turn.runner;
  }
}
