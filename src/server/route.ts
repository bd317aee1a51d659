import type { Request, Response } from "express";
import { z } from "zod";
import type { Principal } from "../accounts/accounts.ts";
import type { Role } from "../accounts/roles.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { ProblemCode } from "../problems.ts";
import type { BodyReader } from "./body.ts";
import { degradedHeader } from "./receipt-headers.ts";
import { validate } from "./validation.ts";

/** A request whose sender is known and may use the route. */
export interface Admitted {
  readonly request: Request;
  readonly response: Response;
  readonly principal: Principal;
  /** Whom limits count: the key, or the address where keys are not needed. */
  readonly callerKey: string;
  /** Its signal is aborted when the client has gone. */
  readonly context: CallContext;
}

export interface Call<B, P, Q> extends Admitted {
  readonly body: B;
  readonly params: P;
  readonly query: Q;
}

/** `sent`: the handler has written the response itself. */
export type Answer<R> =
  | "sent"
  | { readonly json?: R; readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

/** What the documentation says of a route. */
export interface RouteDescription {
  readonly method: "get" | "post" | "delete";
  /** As express writes it, such as `/api/v1/sessions/:session_id`. */
  readonly path: string;
  /** Who may use it; `public` needs no key. */
  readonly role: "public" | Role;
  readonly summary: string;
  /** The answer when all is well. */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema?: z.ZodType;
    /** By default `application/json`. */
    readonly type?: string;
  };
  /** Whether it answers in a turn, before which documents wait. Default: false. */
  readonly runsTurns?: boolean;
  /** Codes besides those that every route can have. */
  readonly problems?: readonly ProblemCode[];
}

export interface Route extends RouteDescription {
  readonly body?: BodyReader<unknown>;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Reads, validates, handles and answers. @throws {Problem} */
  run(admitted: Admitted): Promise<void>;
}

const nothing = z.strictObject({});
type Nothing = typeof nothing;

interface RouteSpec<R extends z.ZodType, B, P extends z.ZodObject, Q extends z.ZodObject> extends RouteDescription {
  readonly answer: RouteDescription["answer"] & { readonly schema?: R };
  readonly body?: BodyReader<B>;
  /** Absent: none are allowed. */
  readonly params?: P;
  readonly query?: Q;
  readonly handle: (call: Call<B, z.output<P>, z.output<Q>>) => Promise<Answer<z.output<R>>> | Answer<z.output<R>>;
}

/** One row of the table of routes: the schemas here are those that validate and those that are documented. */
export function defineRoute<
  R extends z.ZodType = z.ZodUndefined,
  B = undefined,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
>(spec: RouteSpec<R, B, P, Q>): Route {
  const { handle, ...description } = spec;
  const params = (spec.params ?? nothing) as P;
  const query = (spec.query ?? nothing) as Q;
  return {
    ...description,
    params,
    query,
    async run(admitted) {
      const { request, response } = admitted;
      const answer = await handle({
        ...admitted,
        params: validate(params, request.params, "path"),
        query: validate(query, request.query, "query"),
        // Absent exactly when B is undefined.
        body: (await spec.body?.read(request, response)) as B,
      });
      if (answer === "sent") return;
      const departures = admitted.context.trail.list();
      if (departures.length > 0) response.setHeader("x-degraded", degradedHeader(departures));
      if (answer.headers) response.set(answer.headers);
      response.status(answer.status ?? spec.answer.status);
      if (answer.json === undefined) response.end();
      else response.json(answer.json);
    },
  };
}
