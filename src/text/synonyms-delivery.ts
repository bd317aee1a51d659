/** Words of dispatch, delivery, parcels, addresses and collection. The form is told in `synonyms.ts`. */
export const delivery = `
ship shipment
post mail send
post postal > mail
deliver ship
courier carrier
courier carrier > deliver
postman mailman > courier carrier
postage > ship deliver fee
freight > ship deliver
arrive receive
arrive > deliver
eta > arrive deliver estimate
parcel package packet
parcel package > shipment
track trace
track trace > status
whereabouts > track location
address addr
doorstep door porch
postcode zipcode zip
recipient addressee consignee
sender shipper consignor
flat apartment
overseas abroad international foreign
overseas abroad > country
domestic national
international worldwide global
rural > remote area
area region zone
island > remote
delay postpone
delayed stuck > late
hurry rush urgent
express expedite fast
urgent rush expedite
asap > urgent express fast
standard regular ordinary
missing lost
stolen theft > missing lost
incomplete > missing
undelivered unreceived > deliver missing
misdelivered > wrong address
neighbour neighbor
collect pickup
pickup collect > pick
depot warehouse
sign signature
reschedule rearrange
reschedule rearrange > change date
redeliver redelivery
redirect reroute divert
refuse > reject return
carton box cardboard
split separate
ship dispatch despatch send
come land reach > arrive
late > delay
wknd > weekend
fwd > forward

发货 寄出 发出 出库
发货 出货 配货
寄 邮寄 寄送 寄出
寄 > 发货 快递
发 > 发货
催 催单 催促
催 催单 > 发货 加急
配送 送货 派送 派件 投递
送 送货 配送
送到 送达 > 配送
快递 物流 配送
快递 包裹 快件
包裹 快件 货件 邮包
小哥 骑手 > 配送 快递
运费 邮费 邮资
包邮 免邮
包邮 免邮 > 运费 邮费
到付 > 运费
到货 到达 送达 抵达
收到 收货 到货
没到 > 丢失 物流 配送
签收 收货
签收 代收
拒收 拒签
物流 货运 运输
物流 快递 运单
跟踪 追踪 追查
跟踪 追踪 查询 > 物流
查件 > 查询 物流
运单 单号
地址 住址
寄错 送错 错发 发错
少发 漏发 缺件 少件 漏件
少发 漏发 缺件 > 缺少
丢件 丢失 遗失 丢 弄丢
不见 找不 > 丢失
延误 延迟 晚点 推迟 耽误
慢 太慢 > 延误 延迟
加急 加快
加急 特快 急件
快 快速 迅速 尽快
平邮 普通 标准
偏远 边远 山区 乡下 农村
海外 国外 境外 国际
国内 境内 大陆
跨境 进口 > 关税 清关
清关 通关 报关
自提 自取
取件 揽件 揽收
改派 > 地址 修改
改期 改约 > 预约 修改
预约 预定
没人 > 代收 签收
包装 纸箱 箱子 盒子
打包 包装
仓库 库房 仓储
大件 大型
分开 分批 拆单
上门 到家
晚到 迟迟 > 延误 延迟
代拿 代取 > 代收
收不 > 收到 接收
`;
