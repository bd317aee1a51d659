import type { Source } from "../../retrieval/knowledge.ts";
import { placeOf } from "../../retrieval/library-chunk.ts";
import { fill, type LanguagePack } from "../rules/language-pack.ts";
import type { OpenedTicketData } from "../tools/open-ticket.ts";
import type { AccountData } from "../tools/query-account.ts";
import type { MemberData } from "../tools/query-member.ts";
import type { OrderData } from "../tools/query-order.ts";
import type { ReturnData } from "../tools/query-return.ts";
import type { KnowledgeData } from "../tools/search-knowledge.ts";
import type { TicketStatusData } from "../tools/ticket-status.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { changeText } from "./change-text.ts";
import { joinSentences, moneyText, orderText, returnText, ticketText } from "./record-text.ts";
import { sectionOf } from "./sources.ts";

/** What one result says to the user; an outage, a record that is not there and a defect each have their own words. */
export function resultText(result: ToolResult, pack: LanguagePack): string {
  const { replies } = pack;
  if (result.status === "failed") return replies.failed;
  switch (result.name) {
    case "search_knowledge":
      if (result.status === "unavailable") return replies.knowledgeUnavailable;
      return result.status === "found" ? knowledgeText(result.data as KnowledgeData) : refusalText(result, pack);
    case "open_ticket":
    case "ticket_status":
      return result.status === "unavailable" ? replies.ticketUnavailable : ticketResultText(result, pack);
    case "create_return":
    case "cancel_return":
      return changeText(result, pack);
    default:
      return result.status === "unavailable" ? replies.businessUnavailable : businessText(result, pack);
  }
}

/** The cited sentences word for word, and nothing else; of two sections those of each under its heading, or it were not known what is meant. */
function knowledgeText({ search }: KnowledgeData): string {
  const sections = new Map<string, Source[]>();
  for (const cited of search.sentences)
    sections.set(sectionOf(cited), [...(sections.get(sectionOf(cited)) ?? []), cited]);
  const paragraphs = [...sections.values()].map((cited) => {
    const text = joinSentences(cited.map(({ quote }) => quote));
    const [first] = cited;
    return first === undefined || sections.size === 1 ? text : `${placeOf(first.title, first.heading).topic}\n${text}`;
  });
  return paragraphs.join("\n\n");
}

/** That it is not known, and where asking in another language may help, that it may. */
function refusalText(result: ToolResult, pack: LanguagePack): string {
  const hint = languageHint(result, pack);
  return hint === undefined ? pack.replies.refusal : `${pack.replies.refusal}\n\n${hint}`;
}

/** For whom nothing was found as nearly all help pages are in another language than that of the reply; else undefined. */
export function languageHint({ status, data }: ToolResult, { replies }: LanguagePack): string | undefined {
  if (status !== "not_found") return undefined;
  const { otherLanguage } = (data as KnowledgeData).search;
  return otherLanguage && replies.pagesIn[otherLanguage];
}

function businessText(result: ToolResult, pack: LanguagePack): string {
  const lines = recordLines(result, pack);
  const { sample } = result.data as { readonly sample: boolean };
  const mark = sample ? pack.replies.sampleMark : "";
  return lines.map((line, index) => (lines.length > 1 && index === 0 ? line : line + mark)).join("\n");
}

function recordLines({ name, data }: ToolResult, pack: LanguagePack): readonly string[] {
  const { replies, records } = pack;
  switch (name) {
    case "query_order": {
      const { orderId, order, orders } = data as OrderData;
      if (order) return [orderText(order, pack)];
      if (orders.length > 0) return [records.orders, ...orders.map((entry) => `- ${orderText(entry, pack)}`)];
      return [orderId === null ? replies.noOrders : fill(replies.orderNotFound, { orderId })];
    }
    case "query_return": {
      const { returnId, returnCase } = data as ReturnData;
      return [returnCase ? returnText(returnCase, pack) : fill(replies.returnNotFound, { returnId })];
    }
    case "query_member": {
      const { member } = data as MemberData;
      if (!member) return [replies.memberNotFound];
      const { level, points, phone } = member;
      return [fill(records.member, { level: records.memberLevel[level], points, phone })];
    }
    case "query_account": {
      const { account } = data as AccountData;
      if (!account) return [replies.accountNotFound];
      return [fill(records.account, { balance: moneyText(account.balance), openBills: account.openBills })];
    }
    default:
      throw new RangeError(`no words for results of the tool ${name}`);
  }
}

function ticketResultText({ name, data }: ToolResult, pack: LanguagePack): string {
  const { replies, records } = pack;
  if (name === "open_ticket") {
    const { ticketId, category, priority } = (data as OpenedTicketData).ticket;
    return fill(records.ticketOpened, {
      ticketId,
      category: records.ticketCategory[category],
      priority: records.ticketPriority[priority],
    });
  }
  const { ticketId, tickets } = data as TicketStatusData;
  const lines = tickets.map((ticket) => ticketText(ticket, pack));
  if (lines.length > 1) return [records.tickets, ...lines.map((line) => `- ${line}`)].join("\n");
  return lines[0] ?? (ticketId === null ? replies.noTickets : fill(replies.ticketNotFound, { ticketId }));
}
