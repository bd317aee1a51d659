import { z } from "zod";
import type { Confirmation, Tool, ToolContext } from "./tool.ts";
import type { ToolCall, ToolResult } from "./tool-call.ts";

/** A tool with its argument type closed over, so that tools of all kinds stand in one list. */
export interface RegisteredTool {
  readonly name: string;
  readonly description: string;
  readonly sideEffect: boolean;
  /** As of `Tool`. @throws {z.ZodError} for arguments that do not fit. */
  readonly confirmation?: Confirmation<unknown>;
  /** JSON Schema of the arguments, for the planning model. */
  readonly parameters: object;
  /** The arguments as the schema reads them, or what is wrong with them. */
  check(
    args: unknown,
  ): { readonly ok: true; readonly args: ToolCall["arguments"] } | { readonly ok: false; readonly reason: string };
  /** @throws {z.ZodError} for arguments that do not fit. */
  run(args: unknown, context: ToolContext): Promise<Omit<ToolResult, "name">>;
}

export function defineTool<Arguments extends Readonly<Record<string, unknown>>>(tool: Tool<Arguments>): RegisteredTool {
  const { confirmation } = tool;
  return {
    name: tool.name,
    description: tool.description,
    sideEffect: tool.sideEffect ?? false,
    ...(confirmation && {
      confirmation: {
        record: confirmation.record,
        propose: async (args, context) => confirmation.propose(tool.schema.parse(args), context),
      },
    }),
    parameters: z.toJSONSchema(tool.schema, { io: "input" }),
    check(args) {
      const parsed = tool.schema.safeParse(args);
      return parsed.success ? { ok: true, args: parsed.data } : { ok: false, reason: z.prettifyError(parsed.error) };
    },
    run: async (args, context) => tool.run(tool.schema.parse(args), context),
  };
}

export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly parameters: object;
}

export interface ToolRegistry {
  get(name: string): RegisteredTool | undefined;
  /** What the planning model is told, in the order of registration. */
  describe(): readonly ToolDescription[];
  /** Whether the tool exists and the arguments fit; then the call as the schema reads it. */
  validate(
    call: ToolCall,
  ): { readonly ok: true; readonly call: ToolCall } | { readonly ok: false; readonly reason: string };
}

/** @throws {RangeError} when two tools have one name. */
export function createToolRegistry(tools: readonly RegisteredTool[]): ToolRegistry {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length) throw new RangeError("two tools have the same name");
  return {
    get: (name) => byName.get(name),
    describe: () => tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    validate(call) {
      const tool = byName.get(call.name);
      if (!tool)
        return { ok: false, reason: `"${call.name}" is not one of the tools: ${[...byName.keys()].join(", ")}` };
      const checked = tool.check(call.arguments);
      return checked.ok ? { ok: true, call: { name: call.name, arguments: checked.args } } : checked;
    },
  };
}
