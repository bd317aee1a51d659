import { Problem } from "../../problems.ts";

/**
 * The refusal of an address, in words for whoever sent it.
 * @param predicate goes on after "The address", without a full stop. It tells nothing of the network on this side: neither to
 * which address a name leads, nor whether anything listens there.
 * @param cause for the log alone.
 */
export function refusal(predicate: string, cause?: unknown): Problem {
  return new Problem("url_refused", `The address ${predicate}.`, {
    field: "url",
    ...(cause !== undefined && { cause }),
  });
}

/** What a server answered instead of a page. */
class Status extends Error {
  override readonly name = "Status";
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** An answer with another status than 200. */
export function otherStatus(status: number): Problem {
  return refusal(`answers with the status ${status}`, new Status(status));
}

/** The status for which an address was refused; undefined when it was refused for anything else. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Problem && error.cause instanceof Status ? error.cause.status : undefined;
}

/** Nothing came, or not in time; what was met is its cause. */
class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** For everything that keeps an answer from coming: which of it happened is of use to somebody who maps a network. */
export function noAnswer(cause: unknown): Problem {
  return tooSlow("did not answer", cause);
}

/** For an answer that was not there in time. */
export function tooSlow(predicate: string, cause: unknown): Problem {
  return refusal(predicate, new NoAnswer("no answer", { cause }));
}

/** Whether the server should be left alone for now: it does not answer, has a failure, or is asked too often. */
export function isUnwell(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return status >= 500 || status === 429 || (error instanceof Problem && error.cause instanceof NoAnswer);
}

/** @param most bytes. */
export function tooLarge(most: number, cause?: unknown): Problem {
  return refusal(`has more than ${most} bytes of content`, cause);
}
