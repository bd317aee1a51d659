/** Words of devices, their parts, power, cleaning, noise and faults. The form is told in `synonyms.ts`. */
export const devices = `
machine appliance device equipment
device gadget
computer pc
laptop notebook
tablet ipad
television tv telly
remote controller
earphone headphone earbud headset
speaker loudspeaker soundbar
microphone mic
camera webcam
camera lens
screen display monitor
button key
keyboard keypad
mouse trackpad touchpad
ink toner cartridge
router modem
antenna aerial
plug socket outlet
plug connector
electricity power
voltage volt
watt wattage
temperature temp
cold cool chill
burn scorch
squeak rattle buzz hum > noise
beep alarm
shake vibration
blink flash flicker
indicator light
flashlight torch
blade cutter
brush roller
bin dustbin
bin dust container
dust dirt debris
dirty dust > clean
maintain maintenance upkeep
launder laundry wash
washer laundry
detergent soap cleaner
mould mold mildew
filter strainer
clog block jam
clog unclog
stuck jam
vacuum hoover
dock base station
fill refill
empty drain
grind grinder
milk froth
jug pitcher carafe
mug cup
lid cover
fridge refrigerator
oven cooker stove
stove hob cooktop
tap faucet
pipe hose tube
aircon ac
heater radiator heating
tyre tire wheel
chair seat
sofa couch settee
wardrobe closet cupboard
rug carpet
screw bolt
screwdriver spanner wrench > tool
assemble install
disassemble dismantle
detach remove
attach fasten mount
mount bracket
waterproof splashproof
durable sturdy robust
strap band
sensor detector
motion movement
alarm siren
doorbell chime
lock latch
keyfob fob > key
adjust tune
serial imei
serial > number
specification spec
part spare component
compatible > support fit work
interchangeable > compatible
trousers pants
sweater jumper pullover
trainers sneakers
shoe footwear
sock hosiery
coat jacket
nappy diaper
pram stroller pushchair
jewellery jewelry
spectacles eyeglasses
makeup cosmetic
moisturiser moisturizer
fragrance perfume
allergy allergic
medicine medication drug
shampoo conditioner > hair
vegan vegetarian
cable cord wire
charger adapter adaptor
hot warm heat overheat
smell odour odor stink
noise loud sound
quiet silent mute
light lamp bulb led
clean wash wipe
descale limescale decalcify
tank reservoir
charging recharge
incompatible > compatible
button knob
overheat > temperature
sharp blunt > blade
fluff lint > dust hair

机器 设备 电器 家电 仪器
耳机 耳麦
音箱 音响 喇叭
声音 音量
声音 噪音 噪声 异响
吵 噪音 噪声 响
镜头 相机
屏幕 屏
碎屏 裂屏 > 屏幕 维修
触屏 > 屏幕
按键 按钮 键
开关 按钮
键盘 按键
墨盒 硒鼓 墨水
卡纸 > 打印
路由 光猫
充电 充 电源
快充 > 充电
电池 电瓶 电芯
电量 续航 电池
没电 断电 > 电池 充电
耗电 费电 掉电 > 电池 电量 续航
插头 插座 电源
插头 接头 接口
接口 端口 插口
停电 断电 跳闸
电压 伏
功率 瓦
发热 发烫 烫 过热
热 发热 高温
加热 升温
冷 凉 制冷
着火 起火 冒烟
异味 气味 味道 臭
震动 振动 抖动
灯 灯光
亮度 亮 暗
风扇 风机
电机 马达
刀片 刀头
刷子 滚刷 毛刷
主刷 边刷 > 刷子
扫地 吸尘
吸力 吸尘
拖布 抹布 拖把
尘盒 集尘
灰尘 灰
基站 底座
回充 > 充电
缠住 缠绕
堵 堵塞 堵住
清洁 清洗 洗 擦拭 打扫 清理
擦 擦拭 抹
机洗 水洗 手洗 > 清洗
保养 维护 养护
保养 > 清洁
除垢 水垢
水垢 > 清洁
发霉 霉 霉菌
滤网 滤芯
水箱 水壶
加水 注水 加满
倒掉 清空 排空
水管 软管 管子
冰箱 冷藏 冷冻
空调 制冷
暖气 取暖
烘干 干燥 晾干
锅 锅具
盖子 盖
杯子 杯
组装 装配 拼装
拆卸 拆下 取下
安装 装 装上
螺丝 螺钉
挂 壁挂 > 安装
防水 耐水
耐用 结实
手表 腕表
手环 手表
表带 腕带
感应 检测
报警 警报
校准 校正
调节 调整 调
型号 机型 款式
零件 部件 配件
兼容 适配 适用
通用 适用
轮胎 轮子 车轮
刹车 制动
裤子 长裤
外套 夹克 大衣
鞋子 鞋 鞋码
首饰 饰品 珠宝
成分 配料
药品 药物
玩具 积木
充不 > 充电
不亮 > 屏幕 指示
没声 听不 > 声音
不转 > 故障
`;
