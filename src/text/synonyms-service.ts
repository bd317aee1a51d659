/** Words of asking for help, complaints, people, places, documents, hours and time. The form is told in `synonyms.ts`. */
export const service = `
agent representative rep advisor
agent representative > staff support
human > agent representative person
operator > agent
staff employee personnel
helpdesk > support service
help assist aid
contact reach
contact > phone email
call phone ring
hotline helpline
hotline > phone number
callback > call
message msg
livechat dm > chat message
question query enquiry inquiry
ask enquire inquire
ticket case
ticket > request enquiry
complain complaint grievance
angry furious annoyed > complaint
awful terrible horrible rude > complain complaint
feedback suggestion
supervisor manager boss
escalate > supervisor manager complaint
sue lawyer > legal dispute
dispute disagreement
survey questionnaire
hour hr
shut close
holiday vacation
christmas easter > holiday
weekend saturday sunday
24x7 > hour
appointment > book schedule
queue wait
branch outlet showroom
headquarter hq office
nearby nearest closest
parking carpark
elevator > lift
visitor guest
senior elderly
student pupil
parent mother father
mother mum mom
father dad
spouse husband wife partner
friend mate
colleague coworker
doctor physician
dealer reseller distributor
document paperwork
apply application
manual guide instruction handbook
tutorial walkthrough howto > guide
leaflet flyer brochure
certificate cert
submit submission
reject deny
process procedure
pending > wait
finish complete
restrict limit
job career vacancy employment
hire recruit
salary wage
donate charity
blind deaf wheelchair > accessible
pet animal
tomorrow tmrw
afternoon pm
midday noon
fortnight > week 14
minute min
sec > second
month mth
immediate instant
straightaway > immediate instant
quick fast rapid
quick speedy
soon shortly
latest newest
previous former prior
begin start commence
stop cease halt
duration length
temporary temporarily
permanent forever
frequent often
minimum min
minimum least lowest smallest
maximum max
maximum largest highest
maximum limit
limit cap
average avg
approximate approx
percent percentage
one 1
two 2
three 3
four 4
five 5
six 6
seven 7
eight 8
nine 9
ten 10
twelve 12
fourteen 14
fifteen 15
twenty 20
thirty 30
sixty 60
ninety 90
hundred 100
thousand 1000
helpdesk > support help
answer reply respond response
schedule timetable
required necessary mandatory compulsory obligatory
deets > detail information
ref > reference number
dept department
mgr > manager
yr year
wk week
prob > problem
tix > ticket
vid > video
cv > resume
resume continue
reschedule postpone

客服 人工 专员 小二
真人 > 人工 客服
找人 > 人工 客服
员工 店员 职员
联系 联络
联系 咨询 沟通
联系 > 电话 客服
致电 拨打 电话
热线 电话
回电 回拨
在线 线上 网上
线下 门店 实体
消息 留言 私信
回复 答复 回应
不理 不回 > 回复 客服
咨询 询问 提问 问
帮 帮忙 帮助 协助
帮助 求助
工单 单子
反馈 意见 建议
投诉 举报 维权
抱怨 不满 > 投诉
纠纷 争议 仲裁
领导 主管 经理 老板
营业 上班 开门
几点 > 时间 营业
下班 关门 打烊
下班 关门 > 营业
放假 休息 假期 假日
春节 国庆 过年 > 假日 放假
星期 周 礼拜
周末 星期六 星期天
排队 等候 等待
预约 约
分店 门店 网点
附近 周边
位置 地址 地点
在哪 > 位置 地址
停车 车位
顾客 客户 用户 客人
个人 私人
家人 亲属 家属
父母 爸妈 家长
老人 长辈 老年
老婆 妻子 配偶
老公 丈夫 配偶
朋友 好友
同事 同伴
老师 教师
代理 加盟 > 合作
表格 表单
填 填写
填错 写错 > 修改
办 办理
提交 递交
审批 批准 审核
拒绝 驳回
处理 解决
搞定 弄好 > 解决
进度 状态 进展
流程 步骤 手续
方法 办法 途径
教程 指南 攻略 手册
手册 说明
说明 介绍 解释
证书 证明
签字 签名 签署
盖章 印章 公章
要求 条件 需求
必填 必要 > 要求
允许 准许 许可
禁止 不许 不准
限制 限定
责任 负责
招聘 应聘 求职
工资 薪资 薪水
捐款 捐赠
语言 语种
天 日
小时 钟头
年 年度
今天 今日 当天
明天 次日 隔天
昨天 昨日
早上 上午
晚上 夜间 夜里
中午 午间
马上 立刻 立即 立马
赶紧 赶快 尽快
提前 预先 事先
最近 近期
最新 新版
以前 过去 之前
开始 起始
结束 终止
长期 永久
暂时 临时
经常 频繁 老是 总是
偶尔 有时
最低 最少 最小 至少
最高 最多 最大 上限
超过 超出
不足 不够 低于
两 2 二
三 3
四 4
五 5
六 6
七 7
八 8
九 9
十 10
十五 15
三十 30
差劲 坑人 > 投诉
文档 文件
占线 不通 > 电话
动静 > 反应
`;
