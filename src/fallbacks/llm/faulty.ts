import { type ErrorClass, LayerError } from "../core/errors.ts";
import type { AnswerFault, Faults } from "../core/faults.ts";
import type { ChatModel, ModelChunk } from "./port.ts";

type StreamFault = Exclude<AnswerFault, { readonly kind: "wrong-schema" }>;

/** The class of what a caller meets, and the words for people. */
const failures: Readonly<Record<AnswerFault["kind"], readonly [ErrorClass, string]>> = {
  "reset-after": ["network", "the connection was reset"],
  "cut-after": ["bad_response", "the reply ends in the middle"],
  "stall-after": ["timeout", "the reply stopped coming"],
  malformed: ["bad_response", "the reply is malformed"],
  empty: ["bad_response", "the reply is empty"],
  "wrong-schema": ["schema_invalid", "the result does not fit the schema"],
};

/**
 * The model with the faults of the plan in its answers. A structured result fails at once, without asking the model. A streamed
 * text is broken after its first `pieces`, if it has as many, and the request ends then; `stall-after` is silent until
 * the call is aborted, and `wrong-schema` leaves it alone. Without such faults it is the model, unchanged.
 */
export function withFaults(model: ChatModel, faults: Faults): ChatModel {
  return {
    ...model,
    async run(task, input, context) {
      const [fault] = faults.ofAnswer();
      if (fault) throw failureOf(model, fault);
      return model.run(task, input, context);
    },
    stream(task, input, context) {
      const fault = faults.ofAnswer().find((mode) => mode.kind !== "wrong-schema");
      const whole = () => model.stream(task, input, context);
      return fault ? broken(model, fault, whole, context.signal) : whole();
    },
  };
}

async function* broken(
  model: ChatModel,
  fault: StreamFault,
  whole: () => AsyncIterable<ModelChunk>,
  signal: AbortSignal,
): AsyncGenerator<ModelChunk> {
  let left = "pieces" in fault ? fault.pieces : 0;
  if (left > 0) {
    for await (const chunk of whole()) {
      yield chunk;
      if (chunk.type === "text") left -= 1;
      // Leaving the loop ends the request.
      if (left === 0) break;
    }
    // It was whole before its turn came.
    if (left > 0) return;
  }
  if (fault.kind === "stall-after") await silence(signal);
  throw failureOf(model, fault);
}

/** Never resolves. @throws {LayerError} `aborted` when the call is given up. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new LayerError("aborted", "the caller went away", { cause: signal.reason }));
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
  });
}

function failureOf({ name }: ChatModel, { kind }: AnswerFault): LayerError {
  const [errorClass, words] = failures[kind];
  return new LayerError(errorClass, `${name}: injected fault: ${words}`);
}
