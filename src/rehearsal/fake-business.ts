import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { createMockBusiness } from "../fallbacks/business/mock.ts";
import {
  type Business,
  type Lookup,
  type Order,
  type Outcome,
  type ReturnCase,
  returnReasons,
} from "../fallbacks/business/port.ts";
import { RECORD_NUMBER } from "../fallbacks/business/record-number.ts";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { listenOn } from "./listen.ts";

/** What the fake does wrong with every request, `/ping` included. */
export type BusinessFault =
  | { readonly kind: "status"; readonly status: number }
  /** Never answers, and does nothing. */
  | { readonly kind: "hang" }
  /** Does what it was asked to, and never answers. */
  | { readonly kind: "lost_reply" }
  | { readonly kind: "slow"; readonly ms: number }
  /** A page of HTML with status 200. */
  | { readonly kind: "html" }
  /** Half of the JSON, as if it were all. */
  | { readonly kind: "truncated" }
  | { readonly kind: "reset" }
  /** Half of the reply, then a reset. */
  | { readonly kind: "reset_in_body" }
  /** Records of somebody else. */
  | { readonly kind: "foreign" }
  | { readonly kind: "wrong_shape" }
  /** More than a client reads. */
  | { readonly kind: "oversize" }
  | { readonly kind: "redirect"; readonly to: string };

export interface FakeBusinessOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Without it, any key or none will do. */
  readonly key?: string;
  /** Default: the real one. */
  readonly clock?: Clock;
}

export interface FakeBusiness {
  readonly url: string;
  /** How many requests came, by method and path, such as `GET /orders`. */
  readonly requests: ReadonlyMap<string, number>;
  /** From the next request on; undefined mends it. */
  fault(mode: BusinessFault | undefined): void;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body?: object;
}

type Route = (request: ApiCall, business: Business, context: CallContext) => Promise<Reply>;

interface ApiCall {
  readonly user: string;
  /** The number in the path. */
  readonly id: string;
  readonly key: string;
  readonly body: string;
}

const LIMIT_MS = 10_000;
const OVERSIZE_BYTES = 2_000_000;

const returnBody = z.object({ order_id: z.string().regex(RECORD_NUMBER), reason: z.enum(returnReasons) });

const routes: readonly (readonly [RegExp, Route])[] = [
  [/^GET \/ping$/, async () => ({ status: 204 })],
  [
    /^GET \/orders$/,
    async ({ user }, business, context) =>
      found(await business.orders(user, context), (orders) => ({ orders: orders.map((one) => orderJson(user, one)) })),
  ],
  [
    /^GET \/orders\/([A-Za-z0-9-]{1,40})$/,
    async ({ user, id }, business, context) =>
      found(await business.order(user, id, context), (one) => orderJson(user, one)),
  ],
  [
    /^GET \/returns\/([A-Za-z0-9-]{1,40})$/,
    async ({ user, id }, business, context) =>
      found(await business.returnCase(user, id, context), (one) => returnJson(user, one)),
  ],
  [
    /^GET \/member$/,
    async ({ user }, business, context) =>
      // Whole, as a careless system sends it.
      found(await business.member(user, context), (one) => ({
        user_id: user,
        ...one,
        phone: one.phone.replace("****", "0013"),
      })),
  ],
  [
    /^GET \/account$/,
    async ({ user }, business, context) =>
      found(await business.account(user, context), ({ balance, openBills }) => ({
        user_id: user,
        balance,
        open_bills: openBills,
      })),
  ],
  [
    /^POST \/returns$/,
    async ({ user, key, body }, business, context) => {
      const { order_id: orderId, reason } = returnBody.parse(JSON.parse(body));
      return written(user, 201, await business.createReturn(user, { orderId, reason }, key, context));
    },
  ],
  [
    /^POST \/returns\/([A-Za-z0-9-]{1,40})\/cancel$/,
    async ({ user, id, key }, business, context) =>
      written(user, 200, await business.cancelReturn(user, id, key, context)),
  ],
];

/**
 * A business system over HTTP on a loopback port, as docs/business-api.md describes it: the made-up records and rules of
 * the mock, and faults on request.
 */
export async function startFakeBusiness(options: FakeBusinessOptions = {}): Promise<FakeBusiness> {
  const clock = options.clock ?? systemClock;
  const business = createMockBusiness(clock);
  const requests = new Map<string, number>();
  let fault: BusinessFault | undefined;

  async function answer(request: IncomingMessage, name: string): Promise<Reply> {
    if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) {
      return problem(401, "unauthorized");
    }
    const [pattern, route] = routes.find(([pattern]) => pattern.test(name)) ?? [];
    if (!pattern || !route) return { status: 404 };
    const user = headerOf(request, "x-user-id");
    const key = headerOf(request, "idempotency-key");
    const isMissing = (user === "" && name !== "GET /ping") || (key === "" && request.method === "POST");
    if (isMissing) return problem(400, "invalid_request");
    const context = createContext({ clock, requestId: headerOf(request, "x-request-id"), deadlineMs: LIMIT_MS });
    const [, id = ""] = pattern.exec(name) ?? [];
    try {
      return await route({ user: decodeURIComponent(user), id, key, body: await text(request) }, business, context);
    } catch (error) {
      // The key is the only thing that the mock can object to once the rest has been read.
      if (error instanceof LayerError) return problem(422, "idempotency_key_reused");
      const isTheirs = error instanceof z.ZodError || error instanceof SyntaxError || error instanceof URIError;
      if (isTheirs) return problem(400, "invalid_request");
      throw error;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${new URL(request.url ?? "/", "http://fake").pathname}`;
    requests.set(name, (requests.get(name) ?? 0) + 1);
    const mode = fault;
    if (mode?.kind === "hang") return;
    if (mode?.kind === "reset") return void request.socket.resetAndDestroy();
    if (mode?.kind === "slow")
      await new Promise<void>((resolve) => void clock.after(mode.ms, resolve, { background: true }));
    const reply = await answer(request, name);
    if (mode?.kind !== "lost_reply") send(response, mode, reply);
  }

  const server = createServer((request, response) => {
    // A client that leaves in the middle of its request is its own affair.
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  const { url, close } = await listenOn(server, options.port ?? 0);
  return {
    url,
    requests,
    fault(mode) {
      fault = mode;
    },
    close,
  };
}

function send(response: ServerResponse, mode: BusinessFault | undefined, reply: Reply): void {
  switch (mode?.kind) {
    case "status":
      return void response.writeHead(mode.status, { "content-type": "text/plain" }).end("no");
    case "redirect":
      return void response.writeHead(307, { location: mode.to }).end();
    case "html":
      return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Welcome</p>");
    case "wrong_shape":
      return sendJson(response, { ...reply, body: { result: reply.body } });
    case "foreign":
      return sendJson(response, { ...reply, body: foreign(reply.body) });
    case "oversize":
      return sendJson(response, { ...reply, body: { ...reply.body, filler: "x".repeat(OVERSIZE_BYTES) } });
    case "truncated":
    case "reset_in_body": {
      const json = JSON.stringify(reply.body ?? {});
      const half = json.slice(0, json.length / 2);
      response.writeHead(200, { "content-type": "application/json" });
      if (mode.kind === "truncated") response.end(half);
      else response.write(half, () => response.socket?.resetAndDestroy());
      return;
    }
    default:
      return sendJson(response, reply);
  }
}

function sendJson(response: ServerResponse, { status, body }: Reply): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, body && { "content-type": type }).end(body && JSON.stringify(body));
}

function found<T>(lookup: Lookup<T>, json: (record: T) => object): Reply {
  return lookup.status === "found" ? { status: 200, body: json(lookup.record) } : problem(404, "not_found");
}

function written(user: string, status: number, outcome: Outcome<ReturnCase>): Reply {
  if (outcome.status === "done") return { status, body: returnJson(user, outcome.record) };
  return outcome.status === "refused" ? problem(409, outcome.reason) : problem(404, "not_found");
}

function problem(status: number, code: string): Reply {
  return { status, body: { status, code } };
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

function orderJson(user: string, order: Order): object {
  return {
    user_id: user,
    order_id: order.orderId,
    status: order.status,
    items: order.items,
    total: order.total,
    tracking_number: order.trackingNumber,
    ordered_on: order.orderedOn,
    delivered_on: order.deliveredOn,
    expected_on: order.expectedOn,
  };
}

function returnJson(user: string, { returnId, orderId, status, refund }: ReturnCase): object {
  return { user_id: user, return_id: returnId, order_id: orderId, status, refund };
}

/** The same JSON, of another user. */
function foreign(body: object | undefined): object {
  const json = JSON.stringify(body ?? {}, (key, value: unknown) => (key === "user_id" ? "somebody-else" : value));
  return JSON.parse(json) as object;
}
