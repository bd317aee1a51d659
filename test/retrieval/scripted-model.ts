import type { ErrorClass } from "../../src/fallbacks/core/errors.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";

export interface ScriptedModel extends Embeddings {
  script: "up" | "hang" | ErrorClass;
  space: string;
  /** A text that holds one of these makes its batch fail so. */
  readonly poison: Map<string, ErrorClass>;
  /** Texts of documents that it has embedded, in order. */
  readonly embedded: string[];
  /** Awaited before documents are embedded. */
  hold: () => Promise<void>;
}

/** A model for tests: another feature hash, in a space of its own. */
export function createScriptedModel(space = "model-a"): ScriptedModel {
  const hash = createHashEmbeddings({ dimension: 64 });
  async function gate(): Promise<void> {
    if (model.script === "hang") await new Promise(() => {});
    else if (model.script !== "up") throw new LayerError(model.script, `${model.script} by the script`);
  }
  const model: ScriptedModel = {
    name: "model",
    script: "up",
    space,
    poison: new Map(),
    embedded: [],
    hold: async () => {},
    probe: gate,
    async embed(texts, kind, context) {
      await gate();
      if (kind === "document") await model.hold();
      for (const [part, errorClass] of model.poison) {
        if (texts.some((text) => text.includes(part))) throw new LayerError(errorClass, `poisoned by ${part}`);
      }
      if (kind === "document") model.embedded.push(...texts);
      return { ...(await hash.embed(texts, kind, context)), space: model.space };
    },
  };
  return model;
}
