/** Two short conversations that touch every kind of turn: what drills and transcripts run. */
export const tenTurns: readonly (readonly string[])[] = [
  [
    "Hi! How long do I have to return unopened goods?",
    "And opened ones?",
    "Where is my order LK20260142?",
    "My coffee machine leaks water. Please open a ticket.",
    "Do you offer a student discount?",
  ],
  ["你好！", "退款到银行卡要多久？", "那退到钱包呢？", "查一下订单 LK20260117", "我要转人工"],
];
