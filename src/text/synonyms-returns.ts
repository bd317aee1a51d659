/** Words of returns, refunds, exchanges, damage, warranty and repair. The form is told in `synonyms.ts`. */
export const returns = `
refund reimburse
refund repay
moneyback > refund
refund > money
rma > return
exchange swap replace
substitute replacement alternative
undo revert
regret > return cancel
unwanted > return
unsuitable > return exchange
faulty defective broken
faulty defective > fault
defect fault flaw
broken smash shatter crack
damage smash shatter crack
damage dent scratch chip
tear rip
scratch scuff
dent bent
leak seep leaky
rust corrosion corrode
dead bust kaput > broken fail faulty
doa > faulty defective
malfunction failure fault
repair fix mend
repair servicing > technician
technician engineer repairman
warranty guarantee
warranty guarantee > cover
cover coverage
claim compensation
compensation reimbursement
unopened sealed unused
unopened unused sealed > original
unopened brandnew
opened unsealed unboxed
label sticker tag
evidence proof
proof prove
video clip footage
inspect examine check
eligible qualify entitled
ineligible exclude > eligible
exception exempt exclude
nonreturnable > return
deadline cutoff
extend extension prolong
expire lapse
invalid > valid expire
recycle > disposal
rubbish trash garbage
dispose discard
wrong incorrect mistaken
wrong incorrect > mistake error
cancel void revoke annul
terminate > cancel close
dislike > return
leak drip leaky
wonky borked iffy > faulty broken
expire > valid
deadline timeframe > period limit
period duration
picture photo pic image snapshot
dodgy duff > faulty
fried knackered > broken burn
peel > damage
loose wobbly
missing > incomplete

退款 退钱 退费 返还
退钱 还钱 > 退款
退款 返款 退还
退还 返还
退货 退回 退换
退 > 退货 退款
退掉 > 退货 退款 取消
反悔 后悔 > 退货 取消
秒退 > 退款
换货 调换 更换 换
换货 退换
换新 更换 换货
换掉 > 换货 更换
取消 撤销 撤单
取消 作废 终止
取消 退订
撤回 撤销
坏 坏掉 损坏 故障
坏 破损 损坏
破 破损 碎 破碎 裂
破损 损毁 损坏 受损
摔 摔坏 摔碎 > 损坏 破损
裂 开裂 裂开 裂纹
划痕 刮痕 刮花 划伤
瑕疵 缺陷
质量 品质
次品 残次 > 质量 瑕疵
变形 压坏 压扁 > 破损
脏 污渍 污迹
掉色 褪色
开线 脱线 起球 > 质量
漏水 渗水 漏
漏液 渗漏 泄漏
生锈 锈
进水 泡水 > 损坏 保修
人为 > 损坏
故障 失灵
失灵 失效 不灵
维修 修理 修 检修
修 修好 修复
返修 送修 寄修 > 维修
网点 > 维修 售后
售后 > 维修 退换 保修
维修 售后
保修 质保 保固
三包 > 保修
延保 > 保修 延长
过保 > 保修 过期
保险 投保
赔 赔偿 赔付 理赔 补偿
赔偿 补偿 索赔
缺 缺少 少了
缺少 缺失
错 不对 错误 有误
不符 > 描述 错误
拆 拆封
吊牌 标签
凭证 证明 证据
照片 图片 相片 图
拍照 照片
视频 录像
检查 检测 查验 检验
审核 审批 核实
审核 审查
例外 除外
期限 时限 限期 时效
截止 最晚 期限
过期 到期 失效
过期 超期 超时 逾期
有效期 期限
有效 生效
延长 延期 顺延
丢弃 扔掉 扔
故障 毛病
拆封 拆开 开封
退单 > 退款 取消
退不 > 退款 退货
修不 > 维修
脱落 掉落 松动
歪 > 变形
挂了 抽风 罢工 > 故障 异常
换码 > 尺码 换货
起毛 > 质量
返钱 > 返现 退款
`;
