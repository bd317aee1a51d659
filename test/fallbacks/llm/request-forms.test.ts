import { describe, expect, it } from "vitest";
import { type ErrorClass, LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createRequestForms } from "../../../src/fallbacks/llm/request-forms.ts";
import { errorOf } from "./model-tasks.ts";

/** An endpoint that takes some forms, and what it was asked. */
function endpoint(...taken: readonly string[]) {
  const asked: string[] = [];
  return {
    asked,
    call: async (form: string) => {
      asked.push(form);
      if (!taken.includes(form)) throw new LayerError("invalid_request", `no ${form}`);
      return form;
    },
  };
}

describe("the forms of a request", () => {
  it("are tried in order where they are refused, once", async () => {
    const forms = createRequestForms("a", "b", "c");
    const { call, asked } = endpoint("c");
    expect(await forms.use(call)).toBe("c");
    expect(await forms.use(call)).toBe("c");
    expect(asked).toEqual(["a", "b", "c", "c"]);
  });

  it("are all kept where all were refused: it was the request", async () => {
    const forms = createRequestForms("a", "b");
    const none = endpoint();
    expect((await errorOf(forms.use(none.call))).message).toBe("no b");
    expect(none.asked).toEqual(["a", "b"]);
    const every = endpoint("a", "b");
    await forms.use(every.call);
    expect(every.asked).toEqual(["a"]);
  });

  it.each<ErrorClass>(["server", "auth", "rate_limited", "context_overflow", "aborted", "bad_response"])(
    "are not tried after %s",
    async (errorClass) => {
      const asked: string[] = [];
      const failing = async (form: string) => {
        asked.push(form);
        throw new LayerError(errorClass, "no");
      };
      expect((await errorOf(createRequestForms("a", "b").use(failing))).errorClass).toBe(errorClass);
      expect(asked).toEqual(["a"]);
    },
  );

  it("a call that began earlier does not bring back what a later one found to be refused", async () => {
    const forms = createRequestForms("a", "b", "c");
    let finish = () => {};
    const slow = forms.use((form) => new Promise<string>((resolve) => (finish = () => resolve(form))));
    const { call, asked } = endpoint("c");
    await forms.use(call);
    finish();
    expect(await slow).toBe("a");
    await forms.use(call);
    expect(asked).toEqual(["a", "b", "c", "c"]);
  });
});
