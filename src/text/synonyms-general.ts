/** Everyday verbs, adjectives and spellings. The form is told in `synonyms.ts`. */
export const general = `
grey gray
centre center
metre meter
litre liter
cheque > check
defence defense
analyse analyze analysis
recognise recognize recognition
summarise summarize summary
optimise optimize
categorise categorize category
apologise apologize
initialise initialize
petrol gasoline
lorry truck van
car vehicle automobile
bicycle bike cycle
underground subway metro
rucksack backpack
suitcase luggage baggage
handbag purse
takeaway takeout
toilet restroom bathroom washroom
solicitor lawyer attorney
explain explanation clarify
describe description
explain describe
decide decision
choose select pick choice
receive receipt
receive obtain
lose loss
enter type input
prevent avoid
happen occur
affect impact influence
retain keep
borrow lend loan
rent rental lease hire
reduce reduction decrease lower
increase raise rise
improve enhance
provide supply
assign allocate
disappear vanish > missing
guess estimate
calculate compute
verify confirm
guarantee promise
agree accept
disallow forbid prohibit ban
protect guard
danger hazard unsafe risk
hurt injure injury wound
emergency urgent
important essential crucial vital
main primary principal
extra additional further
similar alike
entire whole complete
partial part
enough sufficient
insufficient inadequate
lack shortage
exact precise
accurate correct
suitable appropriate
usual normal typical
unusual strange odd weird
simple easy straightforward
difficult hard tricky
complicated complex
automatic auto
outdoor outside
indoor inside
reason cause
method technique approach
example sample instance
title heading
category type kind
exam test quiz
course class lesson
hospital clinic
pension retirement
basic standard
professional pro
expert specialist
beginner novice newbie
skill ability
approximate roughly
benefit advantage
drawback disadvantage
sick ill
unhappy disappointed dissatisfied
loo > toilet
chuck > discard
ppl > people

收 收到 接收
拿 拿到 取
领 领取
保留 留 保存
摆放 放置 存放
用途 用处 作用
尝试 试
看到 看见 见到
告知 通知
了解 知晓
明白 理解 懂
学 学习
算 计算 核算
确认 核实 核对
确定 肯定
保证 确保
承诺 答应 保证
同意 接受
支持 兼容
导致 造成 引起
出现 发生
避免 防止 预防
保护 防护
危险 风险
受伤 伤害
紧急 应急 急
着急 急用 > 加急 尽快
重要 关键
额外 附加
额外 > 加收
相同 一样 一致 同样
类似 相似
全部 所有 整个
完整 齐全
足够 充足 够
减少 降低 下降
增加 提高 提升
改善 改进 优化
差 糟糕
合适 适合
正常 一般
普通 常规 标准
常见 普遍
特殊 特别
专属 专用
奇怪 异常
简单 容易
方便 便捷
困难 难
手动 手工
干净 整洁
清楚 清晰
模糊 不清
准确 精确 精准
当地 本地
室外 户外
旁边 附近
例子 示例 样例
主题 题目 标题
名称 名字 名
标签 标记
种类 类别 类型 分类
成绩 分数
考试 测验
课程 课
医院 诊所
政府 机关
贷款 借款 借钱
还款 还钱
利息 利率
成本 费用
节省 省 省钱
高级 高端
专业 专家
新手 小白 入门
租 出租 租赁
借 借用
汽车 车 车辆
飞机 航班 机票
酒店 宾馆 旅馆
旅行 旅游
行李 箱包
餐厅 饭店
外卖 订餐
厕所 洗手
房子 房屋 住房
原因 缘故 理由
弄坏 搞坏 > 损坏
能用 可用 有效
辞职 离职
`;
