import { LayerError } from "../core/errors.ts";

/** A parameter of requests that not every endpoint knows. */
export interface OptionalParameter {
  /**
   * Calls with the parameter; an endpoint that refuses the request is asked once more without it, and if that is taken, is
   * asked without it from then on.
   */
  use<T>(call: (withIt: boolean) => Promise<T>): Promise<T>;
}

export function createOptionalParameter(): OptionalParameter {
  let refused = false;
  return {
    async use(call) {
      if (refused) return call(false);
      try {
        return await call(true);
      } catch (error) {
        // Endpoints word this refusal in any way they like, so any refusal of the request may be meant.
        if (!(error instanceof LayerError && error.errorClass === "invalid_request")) throw error;
        const value = await call(false);
        refused = true;
        return value;
      }
    },
  };
}
