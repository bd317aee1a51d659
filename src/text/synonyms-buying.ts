/** Words of shopping, orders, prices, paying, invoices, stock and sizes. The form is told in `synonyms.ts`. */
export const buying = `
buy purchase
buy purchase > order
order > purchase
reorder repurchase
preorder presale
reserve book
cart basket trolley
checkout > pay payment
price cost fee
price pricetag rrp msrp
fee surcharge levy
fee cost price > charge
charge bill debit deduct
overcharge > charge duplicate
expensive pricey costly overpriced
expensive pricey costly > price cost
cheap inexpensive affordable
pay payment
transaction payment
prepay prepayment upfront prepaid
unpaid outstanding overdue owed
owe debt > outstanding unpaid balance
visa mastercard amex > card
decline reject refuse
decline reject > fail
money cash fund
quid > pound
pound gbp sterling
euro eur
yuan rmb cny renminbi
invoice bill receipt
receipt slip
statement bill
vat tax gst
duty tax tariff
transfer remit remittance
tip gratuity
present > gift
stock inventory
stock available
restock replenish
unavailable discontinued
quantity qty amount
amount sum total
size dimension measurement
small tiny little compact mini
large big huge
large big bulky oversize
weight weigh heavy
kilogram kilo kg
gram gramme
length long
height high tall
depth deep
fit > size
colour color shade
product item merchandise
brand manufacturer maker
manufacturer producer maker vendor
genuine original
genuine > fake counterfeit
fake counterfeit knockoff replica imitation
secondhand preowned refurbish recondition
bulk wholesale
company corporate firm enterprise
quote quotation estimate
catalogue catalog brochure
bargain deal offer
haggle negotiate bargain > discount price
review feedback comment
wishlist favourite favorite
compare comparison versus
difference distinction compare
recommend suggest advise advice
seller merchant vendor retailer
shop store retailer
buyer purchaser shopper
fabric material textile
leather suede
handmade handcrafted
version variant
variant option choice
spare replacement
dollar usd buck
cheap cheaper > discount
personalise engrave monogram bespoke
bundle kit
accessory attachment
pkg > package parcel
rcpt > receipt
stockout > unavailable
nicked > stolen theft
flog > sell
atm cashpoint

买 购买 购 选购
买 购买 下单 订购 拍下
订 订购 预订 预定
预售 预购 预订
订单 单子
单号 编号
下单 成交
拍下 拍 > 下单 购买
拍错 买错 下错
重复 两次 多次
复购 回购
结账 结算 买单 付款
价格 价钱 售价 单价
价格 价钱 费用 收费 资费
多少钱 价钱 > 价格 费用 收费
钱 > 费用 金额 款项
收钱 要钱 花钱 > 收费 费用
费用 收费 资费 计费
收取 收费
贵 太贵 > 价格 价钱
便宜 实惠 划算 优惠
便宜 低价 特价
涨价 提价 调价
降价 跌价 掉价
降价 > 价保 保价 差价
价保 保价 差价
砍价 讲价 议价 还价 > 优惠 价格
支付 付款 付 付钱 缴费
交钱 给钱 掏钱 > 付款 支付
缴纳 交纳 缴费 缴
先付 预付 定金 订金 押金
尾款 余款
欠费 欠款 未付
扣款 扣费 扣钱 划扣 扣除
多扣 乱扣 > 扣款 扣费
多收 > 收费 扣费
代扣 > 续费 扣费
刷卡 信用卡
分期 月供
现金 现钞
转账 汇款 打款 转钱
入账 到账
到账 到帐 收到
余额 钱包 零钱
充值 充钱 储值
提现 取现 取钱
金额 总额 数额
总价 合计 总额 一共
免费 免收
免费 白送 赠送
发票 票据 收据 小票
开票 开具
发票 专票 普票
发票 账单 收据
账单 流水
报销 > 发票
税 税费 税金
库存 存货 现货
有货 现货 库存
缺货 断货 没货 无货 售罄
卖光 卖完 抢光 > 售罄 缺货
补货 上架 到货
下架 停售 停产
数量 件数 个数
尺码 尺寸 大小 码数 规格
偏大 偏小 > 尺码 尺寸
合身 合适 > 尺码 尺寸
大号 小号 > 尺码
重量 净重
长度 宽度 高度 > 尺寸
颜色 色号 配色
款式 样式 型号
规格 参数
材质 面料 材料 质地
商品 产品 货品 物品
宝贝 东东 > 商品
货 货物 商品
品牌 牌子
厂家 厂商
正品 真货 真品 行货
假货 仿品 山寨 冒牌 盗版
二手 翻新 旧货
全新 未拆 没拆
样品 小样
批发 团购 大宗
企业 公司
报价 询价
评价 评论 点评
差评 好评 > 评价
晒单 > 评价
推荐 建议
对比 比较 区别 差别 差异
选 选择 挑选 挑
买家 顾客 客户
卖家 商家 店家 掌柜
商店 店铺 门店 店
网店 店铺
定制 定做 订做 订制
刻字 > 定制
礼物 礼品
赠品 礼品
套装 套餐 组合
配件 附件
消费 花费 开销 支出
花 花费
咋卖 多钱 几块 > 价格 售价
付不 > 付款 支付 失败
白嫖 > 免费
`;
