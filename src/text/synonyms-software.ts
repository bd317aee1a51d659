/** Words of apps and websites, errors, connection, installation, updates, files and data. The form is told in `synonyms.ts`. */
export const software = `
app application
app software program
website site webpage web
homepage home
url link hyperlink
menu dropdown
click tap press
scroll swipe
dashboard portal
setting config preference
customise customize
enable activate
disable deactivate
turn switch > enable disable power
toggle > enable disable switch
launch start
boot startup start
restart reboot
reset restore
shutdown > turn power
crash hang freeze
unresponsive freeze hang
lag slow
sluggish slow > performance speed
buffer loading
stuck freeze
glitch bug error
issue problem
trouble problem difficulty
error fail
fail failure fault
troubleshoot diagnose
troubleshoot > problem fix solve
solve solution resolve
solve fix
workaround solution
popup dialog dialogue
wifi wireless wlan
wifi > network internet
bluetooth pair
outage downtime offline
unreachable > connect offline
reception coverage signal
hotspot tether
broadband fibre fiber
latency delay
ethernet lan
roam abroad
esim simcard > sim
antivirus firewall
virus malware
install setup
uninstall remove delete
update upgrade
patch update
firmware software
rollback downgrade
platform os
iphone ios apple
upload attach
attachment > file upload
download save
export download
sync synchronise synchronize
copy duplicate clone
folder directory
archive zip compress
unzip extract decompress
convert transform
format filetype
jpeg jpg png > image picture photo
spreadsheet excel csv
powerpoint slide
printout > print
font typeface
theme skin appearance
dark night
search find
search lookup query
find locate
sort arrange
hide invisible
show display view
correct fix
insert add
delete erase clear
wipe erase > delete reset
restore undelete
create generate
storage space capacity
storage memory
ram memory
disk drive storage
full > storage space
quota limit
throttle > limit
exceed > limit quota maximum
endpoint api
integrate connect
plugin extension addon
command cmd
parameter argument
feature function
database db
timeout > slow connect
retry resend
metric statistic
graph chart diagram
conference meeting
play stream
film movie
song music
subtitle caption
advert ad advertisement
contactless nfc
gps location
internet network
connect pair
disconnect offline
outdated obsolete > old update
doc docx > document
edit modify change alter amend
change update
statistic analytics
dl > download
launch > open
character letter
screenshot screengrab
glitch > problem
credential > token key

应用 软件 程序
网站 网页 网址 官网
页面 界面
首页 主页
点击 单击
长按 按住
滑动 滚动
菜单 选项
设置 设定 配置
开启 启用 打开 激活
开 打开
开机 启动
打不 开不 > 启动 打开 开机
关闭 停用 关 关掉
重启 重开
重置 还原 恢复
死机 卡死 卡住 > 响应 重启
死机 卡死 闪退 崩溃 崩
反应 响应
卡顿 慢 迟缓
速度 网速
加载 缓冲
转圈 > 加载
黑屏 白屏 花屏 闪屏 > 屏幕 显示
乱码 > 编码 显示
报错 错误 出错
失败 异常 故障
漏洞 缺陷
排查 检查 诊断
弹窗 弹出
弹窗 > 广告 关闭
网络 联网 上网 网
无线 > 网络
断网 掉线 断线 断开
没网 断网 > 网络 连接
连不 > 连接 网络
连 连接 接入
离线 脱机
热点 > 网络 共享
宽带 光纤
流量 数据
漫游 > 国外 境外
杀毒 病毒 木马
云端 云 云盘
安装 装 部署
卸载 删除 移除
更新 升级
版本 版
上传 传
保存 存 存储
导出 下载
备份 拷贝
分享 共享
转发 发送
复制 拷贝
压缩 打包
转换 转成
格式 后缀
图片 图像 照片
文本 文字
打印 输出
字体 字号
深色 夜间
搜索 查找 搜
查询 查 查看
查看 浏览 看
找 查找 寻找
筛选 过滤
排序 顺序
显示 展示
列表 清单
修改 更改 变更 编辑
改 修改 更改
更换 替换
改正 更正 纠正
添加 增加 新增 加
删除 删 删掉 移除
清空 清除
误删 删错 > 恢复
创建 新建 建立
生成 创建
发布 发表
空间 容量
存储 空间 内存
满 满了 > 空间 容量
硬盘 磁盘
缓存 清理
日志 记录
密钥 令牌
插件 扩展
功能 特性
命令 指令
代码 源码
超时 > 网络 连接
重试 重新
任务 作业
监控 监测
群 群组 群聊
成员 用户
录制 录屏 录像
播放 观看
电影 影片
歌 音乐 歌曲
字幕 > 语言
高清 画质
扫码 扫描 扫
条码 扫码
定位 位置
统计 报表 报告
传不 > 上传 失败
装不 > 安装 失败
删不 > 删除
改不 > 修改
关不 > 关闭
看不 > 查看 显示
截屏 截图
踢出 > 移除
优盘 闪存
崩了 > 崩溃 闪退
`;
