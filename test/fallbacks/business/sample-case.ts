/** The made-up records, for the contract suite. */
export const sampleCase = {
  user: "guest",
  orderId: "LK20260142",
  returnId: "RT204518",
  foreignOrderId: "LK20260999",
  foreignReturnId: "RT209001",
  returnableOrderId: "LK20260129",
  undeliveredOrderId: "LK20260142",
  requestedReturnId: "RT204590",
} as const;
