/**
 * Words that carry grammar or politeness and nothing that an answer could be found by. Question words are among them:
 * they say what kind of answer is wanted, not what it is about. English ones are written before stemming.
 */
const english =
  "a an the this that these those there here it its it's i i'm i've i'd i'll me my mine myself we us our ours you you're your yours he " +
  "him his she her hers they them their theirs who whom whose which what what's when where where's why how how's am is isn't are aren't was " +
  "wasn't were weren't be been being do don't does doesn't did didn't doing done have haven't has hasn't had hadn't having can can't cannot " +
  "could couldn't will won't would wouldn't shall should shouldn't may might must of in on at by for from to into onto with without " +
  "about as and or but nor so if then than too very just also any some all each both either much many more most such no not only " +
  "own same up down out off over under again once please thanks thank hi hello hey ok okay let's get got gets getting go going goes " +
  "anyone someone somebody anybody tell know want wanna need like possible way ways able via per etc vs s t d m re ve ll im ive dont doesnt " +
  "cant isnt havent hasnt didnt wont whats hows something anything everything nothing thing things even still already yet now then really actually " +
  "else ever never always quite rather maybe perhaps instead since because while during until till unless though although however after before between " +
  "through u ur pls plz thx im";

const chinese =
  "的 了 吗 呢 吧 啊 呀 哦 嘛 么 是 在 有 没 没有 和 与 及 或 或者 还 还是 也 都 就 才 又 再 很 太 更 最 不 " +
  "我 我们 我的 你 你们 您 他 她 它 他们 她们 它们 这 那 这个 那个 这些 那些 这里 那里 哪 哪个 哪些 哪里 哪儿 谁 什么 怎么 怎么办 怎样 怎么样 如何 " +
  "为什么 为何 多少 多久 多长 几 几个 何时 什么时候 是否 可以 能 能否 能够 会 要 想 需要 请 请问 一下 一个 一 个 把 被 让 给 对 从 到 向 由 以 " +
  "于 为 因 因为 所以 如果 若 但 但是 而 且 并 并且 其 之 所 着 过 得 地 上 下 里 中 后 前 时 些 种 样 麻烦 谢谢 你好 您好 " +
  "已经 已 现在 一直 只 只能 目前 当前 其实 到底 究竟 必须 东西 事情 大概 大约 左右 关于 对于 根据 通过 除了 比 啥 咋 这样 那样 那么 这么 就是 还能 不能 不会 不是 不 " +
  "想要 知道 告诉 一些 有没有 能不能 可不可以 是不是 要不要 会不会 有人 自己 应该 应";

const stopWords: ReadonlySet<string> = new Set(`${english} ${chinese}`.split(" "));

/** Whether a folded, unstemmed word says nothing about the subject. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}
