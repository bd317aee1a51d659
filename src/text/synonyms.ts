import { tokenise } from "./tokenise.ts";

/**
 * Words that customers and shops use for the same thing, one group a line; of a line only words of one language stand for
 * each other. General words of buying, delivery, accounts and devices: nothing here knows any particular shop. A word may
 * be in several groups.
 */
const groups = `
buy purchase order 购买 买 下单 订购
price cost fee charge expense 价格 价钱 费用 收费 多少钱 钱 资费
pay payment paid 支付 付款 付 付钱 缴费
postage shipping-cost 运费 邮费 快递费 配送费
refund reimburse money-back 退款 退钱 退还
return send-back 退货 退 退回 退换货 退换
exchange swap replace replacement 换货 换 更换 换新 调换
cancel revoke 取消 撤销 撤单
ship dispatch send 发货 寄出 寄 发出
deliver delivery courier shipping 配送 送货 派送 快递 送达 送
arrive reach come land receive 到货 到达 到账 收到 送达 到
parcel package shipment packet 包裹 快件 快递
track tracking trace 查询 跟踪 物流 追踪
address destination 地址
damaged broken smashed cracked shattered defective faulty 破损 损坏 坏 坏掉 破 碎 破碎 摔坏 瑕疵
fault error failure malfunction problem defect 故障 错误 报错 毛病 异常 失败
repair fix mend 维修 修理 修 修好
warranty guarantee 保修 质保 保修期 质保期
photo picture image 照片 图片 相片 截图 拍照
unopened sealed new 未拆封 没拆 全新 没拆封 未拆
opened unboxed unpacked unsealed 拆封 已拆封 拆开 打开 开封 拆
box packaging carton package 包装 纸箱 盒子 包装盒 箱子
clean wash rinse 清洁 清洗 洗 擦拭 打扫
descale limescale 除垢 水垢
battery 电池
charge recharge charging 充电 充满 充
empty drain pour 倒掉 清空 倒
fill refill 加满 注满 加水
filter 滤网 过滤器 滤芯
robot vacuum hoover 机器人 扫地机 扫地机器人
noise loud noisy 噪音 声音 噪声 吵
account profile 账户 账号 帐号 帐户 资料
password passcode pin 密码 口令
login log-in sign-in signin 登录 登陆 登入
register sign-up signup 注册
delete close remove erase deactivate 注销 删除 关闭
lock locked block blocked 锁定 锁 冻结
phone mobile telephone cellphone number 手机 电话 手机号 号码
hotline phone call 热线 电话 打
email e-mail mail 邮件 邮箱 电子邮件
code passcode verification 验证码
voucher coupon promo 优惠券 券 代金券 优惠码
discount sale promotion offer 折扣 优惠 打折 促销 活动
point points reward 积分 点数
member membership loyalty 会员
tier level grade rank 等级 级别 档 档次
upgrade promote 升级
wallet balance 钱包 余额
expire expiry valid validity lapse 过期 失效 有效期 到期 有效
deadline limit period window term 期限 时限 限期 时效 最晚
change modify edit alter correct update 修改 更改 变更 改 更换
wrong incorrect mistaken 错 写错 填错 不对 错误
missing lost lose 丢失 丢 遗失 缺少 丢件
invoice receipt bill 发票 收据 账单
customer buyer consumer user 顾客 客户 用户 买家 消费者
shop store seller merchant 商店 店铺 商家 卖家 门店
staff agent human person operator 客服 人工 专员 工作人员
hours open opening 营业 工作时间 时间
ticket request case 工单 单子 申请
contact reach 联系 联络
document file 文档 文件
format type 格式 类型
model version 型号 模型 版本
memory ram 内存
restart reboot 重启
download 下载
upload 上传
minimum least lowest smallest 最低 最小 最少 至少 起
maximum most largest highest limit upper 最高 最大 最多 上限
free gratis complimentary 免费 免
long duration time 多久 时长 时间 多长时间
quick fast express urgent rush 特快 加急 快速 快
regular standard ordinary normal 普通 标准 平邮
island 海岛 岛
begin start launch 开始 启动 开机 打开
need require necessary 需要 要求 须
allow permit can 允许 支持
extra additional surcharge add 加收 额外 附加
spend spending consume 消费 花 花费
earn gain collect get 获得 获取 得到 赚 累计
use redeem spend 使用 用 兑换
combine stack together 叠加 合并 同时使用
bin dustbin dust container 尘盒 集尘盒
brush roller 刷子 滚刷 主刷 边刷
water tank reservoir 水箱 水
pickup collect pick-up collection 取件 自提 上门 取
home door doorstep 家 上门 门口
evidence proof 凭证 证据 证明
support available provide offer 支持 提供
large big bulky heavy 大件 大 重
holiday weekend 节假日 周末 假日
machine appliance device equipment 机器 电器 设备 家电
goods item product article merchandise 商品 产品 货 货品 物品
custom personalised engraved made-to-order 定制 刻字 定做
`;

const isHan = (term: string) => /^\p{Script=Han}/u.test(term);

const synonyms = build();

function build(): ReadonlyMap<string, ReadonlySet<string>> {
  const byTerm = new Map<string, Set<string>>();
  for (const line of groups.split("\n")) {
    // A compound gives its parts as well; the first term of a spaced word is the whole.
    const terms = line.split(" ").flatMap((word) => (isHan(word) ? word : (tokenise(word)[0]?.term ?? [])));
    for (const term of terms) {
      const known = byTerm.get(term) ?? new Set<string>();
      for (const other of terms) if (other !== term && isHan(other) === isHan(term)) known.add(other);
      byTerm.set(term, known);
    }
  }
  return byTerm;
}

const none: ReadonlySet<string> = new Set();

/** Terms that commonly stand for the same thing as a term of `tokenise`. */
export function synonymsOf(term: string): ReadonlySet<string> {
  return synonyms.get(term) ?? none;
}
