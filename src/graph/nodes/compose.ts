import type { Clock } from "../../fallbacks/core/clock.ts";
import type { CallContext } from "../../fallbacks/core/context.ts";
import { LayerError } from "../../fallbacks/core/errors.ts";
import type { Layer } from "../../fallbacks/core/layer.ts";
import type { ChatModel, Usage } from "../../fallbacks/llm/port.ts";
import type { Grounding } from "../grounding.ts";
import type { Node, NodeContext } from "../node.ts";
import type { LanguagePacks } from "../rules/language-pack.ts";
import type { WorkingHours } from "../rules/working-hours.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { changeTools } from "./change-text.ts";
import { type ComposeInput, isResolved } from "./compose-by-rule.ts";
import { createComposeTask } from "./compose-task.ts";
import { createGrounded } from "./grounding/grounded.ts";
import { needsOf } from "./model-needs.ts";
import { resultText } from "./result-text.ts";
import { relatedOf, sourcesOf } from "./sources.ts";
import { recognised, tokensOf } from "./state-access.ts";
import { todayText } from "./today.ts";
import { unansweredOf } from "./unanswered.ts";

export interface ComposeDeps {
  readonly llm: Layer<ChatModel>;
  readonly packs: LanguagePacks;
  /** For the day that it is and days from or until it; without it a model is told none, and a reply may reckon none. */
  readonly clock?: Clock;
  /** Whose time zone says which day it is; without them it is that of UTC. */
  readonly workingHours?: WorkingHours | null;
  /** Hears of each reply whose sentences were held against what came back. */
  readonly onGrounding?: (grounding: Grounding) => void;
}

/**
 * The final reply, streamed. What a model writes from help pages and records is held against them sentence by sentence before it is shown. When a second model has to start over after pieces were shown, `restart` with its name comes
 * before its first piece. Sources are the sentences that the reply tells: by rule those that the search cites.
 */
export function createCompose({ llm, packs, clock, workingHours, onGrounding = () => {} }: ComposeDeps): Node {
  const task = createComposeTask(packs);
  return async (state, context) => {
    const { message, history, results } = state;
    const recognition = recognised(state);
    const now = clock?.wall();
    const today = now && todayText(now, workingHours?.timezone ?? "UTC");
    const input: ComposeInput = { message, history, recognition, results, ...(today !== undefined && { today }) };
    const pack = packs[recognition.language];
    const { sampleLabel, sampleMark } = pack.replies;
    const changeWords = results.filter(({ name }) => changeTools.has(name)).map((result) => resultText(result, pack));
    const shown = createShow(context);
    const served = await llm.use(
      async (model, ctx) => {
        const show = shown.startOver(model.name, ctx);
        const { text, usage, grounding, results: told } = await write(model, input, ctx, show, now);
        // What a model may forget and a reply never does: what has become of a change, and that records are made up.
        const unsaid = changeWords.filter((words) => !text.includes(words)).map((words) => `\n\n${words}`);
        const whole = [text, ...unsaid].join("");
        const mark = results.some(isSample) && !whole.includes(sampleLabel) ? sampleMark : "";
        for (const words of unsaid) show(words);
        if (mark !== "") show(mark);
        return { text: whole + mark, usage, grounding, told };
      },
      context,
      { ...needsOf(task, input), shown: true },
    );
    const { text, usage, grounding, told } = served.value;
    if (grounding) onGrounding(grounding);
    return {
      reply: {
        text,
        sources: sourcesOf(told),
        related: relatedOf(told, recognition.intents),
        unanswered: unansweredOf(told, recognition.intents),
        resolved: isResolved({ recognition, results: told }),
        by: served.by,
        ...(grounding && { grounding }),
      },
      tokens: tokensOf(usage),
    };
  };

  async function write(
    model: ChatModel,
    input: ComposeInput,
    context: CallContext,
    show: (text: string) => void,
    now: Date | undefined,
  ): Promise<Written> {
    const grounded = createGrounded(task, input, packs, show, now);
    let said = "";
    let usage: Usage = { inputTokens: 0, outputTokens: 0 };
    for await (const chunk of model.stream(grounded.task, input, context)) {
      if (chunk.type === "usage") {
        context.idle.restart();
        usage = chunk.usage;
      } else if (chunk.text !== "") {
        context.idle.begin();
        said += chunk.text;
        await grounded.add(chunk.text);
      }
    }
    if (said.trim() === "") throw new LayerError("bad_response", `${model.name}: the reply is empty`);
    return { ...grounded.end(), usage };
  }
}

interface Written {
  /** As it was shown. */
  readonly text: string;
  readonly usage: Usage;
  /** Absent: nothing was to be checked. */
  readonly grounding: Grounding | undefined;
  /** As the text tells them. */
  readonly results: readonly ToolResult[];
}

/**
 * Emits the pieces of one attempt at a time; an attempt that was given up is not heard any more. What an attempt has shown
 * stands until another one has something to say: when none has, the user keeps the part that there is.
 */
function createShow({ emit }: NodeContext) {
  let attempt = 0;
  /** The attempt whose pieces are on show, 0 while there are none. */
  let shown = 0;
  return {
    startOver(by: string, context: CallContext): (text: string) => void {
      attempt += 1;
      const own = attempt;
      return (text) => {
        if (own !== attempt || context.signal.aborted) return;
        if (shown !== 0 && shown !== own) emit({ type: "restart", by });
        shown = own;
        emit({ type: "token", text, by });
      };
    },
  };
}

function isSample({ data }: ToolResult): boolean {
  return typeof data === "object" && data !== null && "sample" in data && data.sample === true;
}
