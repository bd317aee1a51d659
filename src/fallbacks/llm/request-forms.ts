import { LayerError } from "../core/errors.ts";

/** The forms in which a request may be made, the best first: not every endpoint knows every parameter. */
export interface RequestForms<Form> {
  /**
   * Calls with the best form that is not known to be refused. What refuses it is asked again with the next one, and once it
   * takes that, is asked so from then on; what has taken a form is not asked in another one.
   * @throws what the last call threw; a refusal of every form is one of the request.
   */
  use<T>(call: (form: Form) => Promise<T>): Promise<T>;
}

export function createRequestForms<Form>(first: Form, ...others: readonly Form[]): RequestForms<Form> {
  let best = first;
  let rest = others;
  let taken = false;
  return {
    async use(call) {
      let form = best;
      let left = rest;
      for (;;) {
        try {
          const value = await call(form);
          // A call that began earlier may have found less.
          if (left.length < rest.length) [best, rest] = [form, left];
          taken = true;
          return value;
        } catch (error) {
          // Endpoints word this refusal in any way they like, so any refusal of the request may be meant.
          const refused = error instanceof LayerError && error.errorClass === "invalid_request";
          const [next, ...after] = left;
          if (!refused || next === undefined || (taken && form === best)) throw error;
          form = next;
          left = after;
        }
      }
    },
  };
}
