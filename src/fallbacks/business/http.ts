import type { z } from "zod";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import {
  type Business,
  LONGEST_LIST,
  type Lookup,
  type Outcome,
  type Owned,
  type ReturnCase,
  refusalReasons,
} from "./port.ts";
import { recordNumber } from "./record-number.ts";
import { type ApiReply, badReply, createTransport, type TransportOptions } from "./transport.ts";
import { accountReply, memberReply, orderListReply, orderReply, problemReply, returnReply } from "./wire.ts";

/** The API gave records of another user than the one who was asked for. They are dropped; operators must hear of it. */
export interface ForeignRecords {
  readonly requestId: string;
  /** Such as `GET /orders/{id}`. */
  readonly route: string;
  /** How many records of this reply were dropped. */
  readonly records: number;
}

export interface HttpBusinessOptions extends TransportOptions {
  readonly onForeign?: (event: ForeignRecords) => void;
}

interface Question<T> {
  readonly route: string;
  readonly path: string;
  readonly schema: z.ZodType<Owned<T>>;
  /** Whether the record is the one that was asked for. */
  readonly fits?: (record: T) => boolean;
}

interface Write {
  readonly route: string;
  readonly path: string;
  readonly body?: object;
  readonly operationId: string;
  /** Whether the record shows that the write was done. */
  readonly fits: (record: ReturnCase) => boolean;
}

const notFound = { status: "not_found", sample: false } as const;

/**
 * A business system behind the HTTP API of docs/business-api.md. Opens nothing before the first call; repeats nothing.
 * @throws {RangeError} for an option out of range; its message shows neither key nor address.
 */
export function createHttpBusiness(options: HttpBusinessOptions): Business {
  const api = createTransport(options);

  function dropForeign(route: string, records: number, context: CallContext): void {
    options.onForeign?.({ requestId: context.requestId, route, records });
  }

  async function read<T>(user: string, question: Question<T>, context: CallContext): Promise<Lookup<T>> {
    const { path, route, schema, fits } = question;
    const reply = await api.send({ method: "GET", path, user, accept: [200, 404] }, context);
    if (isNotFound(reply)) return notFound;
    const { owner, record } = parse(schema, reply);
    if (owner !== user) {
      dropForeign(route, 1, context);
      return notFound;
    }
    if (fits?.(record) === false) throw badReply("a record with another number than the one that was asked for");
    return { status: "found", record, sample: false };
  }

  async function write(user: string, request: Write, context: CallContext): Promise<Outcome<ReturnCase>> {
    const { route, fits, ...rest } = request;
    const reply = await api.send({ method: "POST", user, accept: [200, 201, 404, 409], ...rest }, context);
    if (isNotFound(reply)) return notFound;
    if (reply.status === 409) return refusal(reply);
    const { owner, record } = parse(returnReply, reply);
    if (owner !== user) {
      dropForeign(route, 1, context);
      // Something was done, and for whom is not known: that is no clear answer.
      throw badReply("the record of another user after a write");
    }
    if (!fits(record)) throw badReply("a record that does not show what was asked for");
    return { status: "done", record, sample: false };
  }

  return {
    name: "http",
    async order(user, orderId, context) {
      const number = recordNumber(orderId);
      const fits = (record: { readonly orderId: string }) => record.orderId === number;
      return read(user, { route: "GET /orders/{id}", path: `/orders/${number}`, schema: orderReply, fits }, context);
    },
    async orders(user, context) {
      const path = `/orders?limit=${LONGEST_LIST}`;
      const reply = await api.send({ method: "GET", path, user, accept: [200, 404] }, context);
      if (isNotFound(reply)) return notFound;
      const { orders } = parse(orderListReply, reply);
      const own = orders.filter(({ owner }) => owner === user).map(({ record }) => record);
      if (own.length < orders.length) dropForeign("GET /orders", orders.length - own.length, context);
      if (own.length === 0) return notFound;
      own.sort((a, b) => b.orderedOn.localeCompare(a.orderedOn));
      return { status: "found", record: own.slice(0, LONGEST_LIST), sample: false };
    },
    async returnCase(user, returnId, context) {
      const number = recordNumber(returnId);
      const fits = (record: ReturnCase) => record.returnId === number;
      return read(user, { route: "GET /returns/{id}", path: `/returns/${number}`, schema: returnReply, fits }, context);
    },
    member: (user, context) => read(user, { route: "GET /member", path: "/member", schema: memberReply }, context),
    account: (user, context) => read(user, { route: "GET /account", path: "/account", schema: accountReply }, context),
    async createReturn(user, { orderId, reason }, operationId, context) {
      const number = recordNumber(orderId);
      const body = { order_id: number, reason };
      const fits = (record: ReturnCase) => record.orderId === number;
      return write(user, { route: "POST /returns", path: "/returns", body, operationId, fits }, context);
    },
    async cancelReturn(user, returnId, operationId, context) {
      const number = recordNumber(returnId);
      const fits = (record: ReturnCase) => record.returnId === number && record.status === "cancelled";
      const path = `/returns/${number}/cancel`;
      return write(user, { route: "POST /returns/{id}/cancel", path, operationId, fits }, context);
    },
    async probe(context) {
      await api.send({ method: "GET", path: "/ping", accept: [200, 204] }, context);
    },
    async close() {
      api.close();
    },
  };
}

function parse<T>(schema: z.ZodType<T>, reply: ApiReply): T {
  const parsed = schema.safeParse(reply.body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badReply(`the field "${issue?.path.join(".") ?? ""}" is not as agreed`);
}

/** A 404 that does not say `not_found` comes from something else than the API, such as a proxy: that is an outage. */
function isNotFound(reply: ApiReply): boolean {
  if (reply.status !== 404) return false;
  if (parse(problemReply, reply).code !== "not_found") throw badReply("404 with another code than not_found");
  return true;
}

function refusal(reply: ApiReply): Outcome<never> {
  const { code } = parse(problemReply, reply);
  if (code === "in_progress") throw new LayerError("server", "the business API is still carrying out the operation");
  const reason = refusalReasons.find((known) => known === code);
  if (!reason) throw badReply("409 with a code that is not in the table");
  return { status: "refused", reason, sample: false };
}
