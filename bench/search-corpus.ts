/** Texts that are made up, the same in each run: words of grammar as often as in real English, others by Zipf's law. */
export interface Corpus {
  /** A passage of about 512 characters. */
  passage(number: number): string;
  /** Six words, as somebody would ask. */
  question(number: number): string;
}

const GRAMMAR =
  "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just state those people too mr how little good world make very year still see work life get here between both under never day same another know while last might us great old go come since against right came take used himself few house use place around help does".split(
    " ",
  );
const SYLLABLES =
  "ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge gi go ha he hi ho ja ka ke ki ko la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi zo tion ment ing er ly al ic ous".split(
    " ",
  );
const CHINESE =
  "退款 订单 快递 发票 地址 密码 账户 会员 积分 优惠券 商品 客服 保修 维修 更换 取消 支付 收到 签收 包装 破损 颜色 尺寸 型号 充电 电池 清洁 滤网 水箱 机器人 登录 注册 验证码 手机 邮箱 仓库 发货 物流 时间 工作日 周末 提交 审核 通过 失败 重新 联系 说明书 配件 价格 折扣 活动 购买 数量 余额 银行卡 到账 原因 图片 视频 上传 下载 设置 语言 系统 版本 升级 网络 连接 重启 关闭 打开 检查 问题 办法 建议 评价 投诉 赔偿 运费 海外 国内 城市 上门 预约 安装 师傅 电话 短信 通知".split(
    " ",
  );
const CHINESE_JOINTS = "的 了 在 和 是 后 请 可以 需要 如果 我们 您 会 将 或 不 没有 已经 一个 这个".split(" ");
const VOCABULARY = 60_000;
const CHINESE_VOCABULARY = 20_000;
/** One passage in so many is Chinese. */
const CHINESE_EVERY = 5;
const PASSAGE = 512;

export function createCorpus(): Corpus {
  const words = Array.from({ length: VOCABULARY }, (_, rank) => GRAMMAR[rank] ?? nameOf(rank));
  const chineseWords = Array.from({ length: CHINESE_VOCABULARY }, (_, rank) => CHINESE[rank] ?? chineseNameOf(rank));
  return {
    passage: (number) => {
      const random = seeded(number * 2 + 1);
      return number % CHINESE_EVERY === 0 ? chinese(random, chineseWords) : english(random, words);
    },
    question(number) {
      const random = seeded(number * 2 + 1_000_000_000);
      // Somebody who asks names things, not the commonest words.
      const thing = () => words[GRAMMAR.length + Math.floor(4_000 ** random())] ?? "";
      const any = () => words[Math.floor(VOCABULARY ** random())] ?? "";
      const named = () => chineseWords[Math.floor(2_000 ** random())] ?? "";
      const forms = [
        () => `how do i ${any()} my ${thing()}`,
        () => `what is the ${thing()} of ${thing()}`,
        () => `can ${thing()} be ${thing()} after ${any()}`,
        () => `how long does the ${thing()} ${any()}`,
        () => `${thing()} ${thing()} ${any()} ${thing()} with ${any()}`,
        () => `怎么${named()}${named()}的${named()}`,
      ];
      return (forms[number % forms.length] ?? any)();
    },
  };
}

function english(random: () => number, words: readonly string[]): string {
  let text = "";
  while (text.length < PASSAGE) {
    const word = words[Math.floor(VOCABULARY ** random()) - 1] ?? "";
    const ending = random();
    text += ending < 0.08 ? `${word}. ` : ending < 0.13 ? `${word}, ` : `${word} `;
  }
  return text.slice(0, PASSAGE);
}

function chinese(random: () => number, words: readonly string[]): string {
  let text = "";
  while (text.length < PASSAGE) {
    text += words[Math.floor(CHINESE_VOCABULARY ** random()) - 1] ?? "";
    if (random() < 0.4) text += pick(CHINESE_JOINTS, random);
    const ending = random();
    text += ending < 0.08 ? "。" : ending < 0.2 ? "，" : "";
  }
  return text.slice(0, PASSAGE);
}

/** Of the commoner half of the characters in the first block of Unicode. */
function chineseNameOf(rank: number): string {
  const random = seeded(rank + 1);
  return String.fromCharCode(...[0, 1].map(() => 0x4e00 + Math.floor(10_000 ** Math.sqrt(random()))));
}

function nameOf(rank: number): string {
  const random = seeded(rank + 1);
  const length = 2 + Math.floor(random() * 3);
  return Array.from({ length }, () => pick(SYLLABLES, random)).join("");
}

const pick = (words: readonly string[], random: () => number) => words[Math.floor(random() * words.length)] ?? "";

/** Uniform numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
