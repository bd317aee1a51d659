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

/** For everything that keeps an answer from coming: which of it happened is of use to somebody who maps a network. */
export function noAnswer(cause: unknown): Problem {
  return refusal("did not answer", cause);
}

/** @param most bytes. */
export function tooLarge(most: number, cause?: unknown): Problem {
  return refusal(`has more than ${most} bytes of content`, cause);
}
