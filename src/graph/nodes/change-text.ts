import { fill, type LanguagePack } from "../rules/language-pack.ts";
import type { ChangeData } from "../tools/send-change.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { joinSentences, returnText } from "./record-text.ts";

/** Tools whose results are told in fixed words, whoever writes the rest of the reply. */
export const changeTools: ReadonlySet<string> = new Set(["create_return", "cancel_return"]);

/** What has become of a change, or what the user is asked before it is made. */
export function changeText(result: ToolResult, pack: LanguagePack): string {
  if (result.status === "failed") return pack.replies.failed;
  if (result.status === "unavailable") return pack.changes.unavailable;
  const data = result.data as ChangeData;
  const mark = data.sample ? pack.replies.sampleMark : "";
  return words(result, data, pack) + mark;
}

function words({ name, status }: ToolResult, data: ChangeData, pack: LanguagePack): string {
  const { changes, replies } = pack;
  const { orderId, returnId, returnCase, refusal, inDoubt } = data;
  const isReturn = name === "create_return";
  const what = isReturn
    ? fill(changes.createReturn, { orderId: orderId ?? "" })
    : fill(changes.cancelReturn, { returnId: returnId ?? "" });
  switch (status) {
    case "offered":
      return `${isReturn ? returnOffer(data, pack) : cancelOffer(data, pack)}\n${inDoubt ? changes.askYesInDoubt : changes.askYes}`;
    case "incomplete":
      if (!isReturn) return changes.askReturn;
      return orderId === null ? changes.askOrder : fill(changes.askReason, { orderId });
    case "done": {
      const state = returnCase ? [returnText(returnCase, pack)] : [];
      return joinSentences([isReturn ? changes.returnRequested : changes.returnCancelled, ...state]);
    }
    case "not_found":
      if (isReturn) return fill(replies.orderNotFound, { orderId: orderId ?? "" });
      return fill(replies.returnNotFound, { returnId: returnId ?? "" });
    case "refused":
      return fill(changes.refused, { change: what, reason: changes.refusals[refusal ?? "refused"] });
    case "unconfirmed":
      return fill(changes.unconfirmed, { change: what });
    case "unsent":
      return fill(changes.unsent, { change: what });
    case "dropped":
      return fill(inDoubt ? changes.droppedInDoubt : changes.dropped, { change: what });
    default:
      throw new RangeError(`no words for a change that is ${status}`);
  }
}

function returnOffer({ orderId, items, reason }: ChangeData, { changes, records }: LanguagePack): string {
  return fill(changes.offerReturn, {
    orderId: orderId ?? "",
    items: items.join(records.itemGap),
    reason: changes.reasons[reason ?? "other"],
  });
}

function cancelOffer({ returnId, returnCase }: ChangeData, pack: LanguagePack): string {
  const offer = fill(pack.changes.offerCancel, { returnId: returnId ?? "" });
  return returnCase ? joinSentences([offer, returnText(returnCase, pack)]) : offer;
}
