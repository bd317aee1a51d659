/** Words of accounts, sign-in, security, privacy, membership, points, vouchers and subscriptions. The form is told in `synonyms.ts`. */
export const accounts = `
account acct
account profile
login signin logon
login signin > log sign
log sign > login signin
logout signout logoff
logout signout > log sign
register signup enrol
register registration
register signup > sign
join enrol register
username userid
password passcode passwd pwd
password pin
passphrase > password
forgot > reset recover password
reset > forgot
recover recovery retrieve
recover restore regain
delete remove erase
delete close deactivate
terminate close > account
reactivate unlock restore
lock block
block ban suspend
suspend suspension
suspend freeze
freeze > lock block
unlock unblock unban
hack hijack compromise
hack hijack > security
scam fraud phishing
scam fraud swindle
ripoff > scam fraud
spoof impersonate > phishing
unauthorised unauthorized
unknown unrecognised unrecognized
secure safe safety
secure protect
privacy private
private confidential
privacy gdpr
consent agree agreement
fingerprint biometric
faceid touchid > biometric
otp > code verification
code otp passcode
identity identification id
permission permit allow
admin administrator
owner ownership
role permission
link bind
unlink unbind disconnect
merge combine
nickname > name
rename > name change
surname lastname
avatar > photo picture
birthday birthdate bday
gender sex
phone mobile cellphone
phone mobile > number
number num
handset smartphone phone
sms text
email mail
spam junk
member membership
member loyalty
membership subscription
vip premium
downgrade > lower
perk benefit privilege
point reward
cashback > reward point
earn gain accumulate accrue
redeem > spend point voucher
coupon voucher promo
coupon voucher > code discount
promo promotion > discount offer code
discount rebate reduction
discount sale
offer promotion
giveaway raffle
freebie giveaway > free gift
free gratis complimentary
stack combine
referral invite
subscribe subscription
subscription plan
unsubscribe > cancel subscription
unsubscribe optout
newsletter > subscribe email
renew > extend
autorenew > renewal
recurring repeat
monthly month
yearly annual
year annual
weekly week
quarterly quarter
daily day
pause skip
trial > subscription
term condition
terms agreement contract
policy rule
rule regulation
notify notification
notify alert
notification alert reminder
mute silence
optin subscribe
information info
2fa mfa > authentication verification
verify validate authenticate
verify verification
authentication verification
authorise permission
transfer migrate
minor child kid underage
telephone phone landline tel
tier level grade rank
campaign promotion
pause suspend
licence license
redeem redemption
acc > account
psw creds > password
credential login
sso > login signin
cell > phone mobile
txt > sms text
sub > subscription subscribe
reg > register registration
perms > permission
prefs > preference setting
ditch scrap > cancel delete
nuke > delete erase
dodgy > suspicious

账号 账户 帐号 帐户
资料 信息
登录 登陆 登入 登
退出 登出 注销
下线 掉线
注册 开户 开通
注册 申请 > 账号
密码 口令
忘记 忘了 忘
忘记 忘了 > 找回 重置
找回 恢复
找回 重置 > 密码
注销 销户 删号 删除
注销 关闭 > 账号
停用 禁用 关闭
锁定 锁 被锁
冻结 封号 封禁
封号 被封 禁用
封 > 冻结 封号
锁定 冻结
解锁 解封 解冻
被盗 盗号 盗用 > 安全
盗刷 > 安全 冻结
黑客 入侵 > 安全
骗 诈骗 欺诈 骗子
骗 被骗 上当 > 诈骗
钓鱼 > 诈骗
可疑 异常
陌生 可疑
泄露 泄漏 外泄
隐私 > 保密 泄露
保密 机密
数据 资料
同意 授权 许可
权限 许可 授权
验证 认证 核验
实名 > 认证 身份
身份 证件
护照 > 证件
人脸 刷脸 面容 > 识别 认证
绑定 关联 绑
解绑 解除 换绑
换绑 > 绑定 更换
换号 > 更换 绑定 手机
迁移 转移
转让 过户 转移
昵称 名字 姓名
改名 > 昵称 修改
头像 > 照片
生日 出生
年龄 岁 周岁
小孩 孩子 儿童
小孩 宝宝 > 儿童
手机 电话
邮箱 邮件
邮箱 信箱
会员 会籍
年费 月费
入会 > 会员
等级 级别 档次 段位
升级 升等 提升
降级 掉级
权益 特权 福利 好处
积分 点数 分数
获得 得到 获取 赚
攒 积累 累计 累积
兑换 换取 兑
兑换 抵扣 抵用
折扣 优惠 打折
打折 折 折扣
促销 活动 优惠
满减 > 优惠 折扣
秒杀 抢购 特价
抽奖 中奖
赠送 送 赠
邀请 推荐 拉新
返利 返现
订阅 包月 套餐
退订 > 取消 订阅
续费 续订 续期
月费 包月
年费 包年
试用 体验
额度 配额
协议 合同 条款
规则 条款
通知 提醒 提示
推送 通知
屏蔽 拉黑 拦截
偏好 设置
短信 消息
抵扣 抵
暂停 中止
套餐 方案
规定 规则 政策
登不 进不 > 登录
改密 > 修改 密码
黑心 > 投诉
`;
