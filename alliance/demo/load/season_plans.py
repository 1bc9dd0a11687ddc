"""The campaigns of the demo's season, and when each of them runs."""

from dataclasses import dataclass

from alliance.demo.load.campaigns import Plan
from alliance.demo.merchants import DEMO_MERCHANT, merchants
from alliance.demo.people import DEMO_AFFILIATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A plan and its time: from so many days before today, for so many days, counted from the
    first moment of a day. `made` days before it begins it is drafted and published."""

    plan: Plan
    begins: float
    lasts: float
    made: float = 3.0
    publish: bool = True
    over: bool = False  # evaluated and paid by now: its cut-off is a settlement day


COUPON, TASK, DOUBLE, POT, BOARD, PICKED, BARGAIN, BRAND, OLD_TASK, VOUCHER = (
    "hongbao", "wenzhuan", "fanbei", "baiwan", "bangdan", "superu", "chanyedai", "pinpai",
    "shouhu", "liquan",
)  # fmt: skip

RUNS = (
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=COUPON,
            kind="super_coupon",
            name="618 超级红包",
            about="无门槛红包，每人每天一个；成交归属领取渠道，佣金比例最高 90%。",
            budget=30_000_00,
            rules={"faces": [{"face_minor": 10_00, "weight": 1}]},
            group="share",
            everything=True,
        ),
    ),
    Run(
        begins=5,
        lasts=9,
        plan=Plan(
            code=TASK,
            kind="guaranteed_task",
            name="稳赚任务 · 冲单周",
            about="接下任务，出单就有保底奖励：5 单 12 元，20 单 60 元，60 单 200 元。",
            budget=6_000_00,
            rules={
                "tiers": [
                    {"orders": 5, "reward_minor": 12_00},
                    {"orders": 20, "reward_minor": 60_00},
                    {"orders": 60, "reward_minor": 200_00},
                ],
            },
            kinds=("small",),
            everything=True,
        ),
    ),
    Run(
        begins=110,
        lasts=7,
        over=True,
        plan=Plan(
            code=OLD_TASK,
            kind="guaranteed_task",
            name="稳赚任务 · 新手守护",
            about="一周内 1 单 2 元，5 单 12 元，20 单 60 元。",
            budget=1_800_00,
            kinds=("small",),
            everything=True,
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=DOUBLE,
            kind="double_commission",
            name="中小淘客佣金翻倍",
            about="报名后前 50 单佣金翻倍，每单最多补 20 元，每天最多 200 元。",
            budget=3_000_00,
            limits={
                "per_order_minor": 20_00,
                "per_affiliate_day_minor": 200_00,
                "orders_per_affiliate": 50,
            },
            group="bonus",
            kinds=("small", "channel"),
            everything=True,
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=POT,
            kind="million_subsidy",
            name="KA 百万补贴",
            about="超出平日成交的增量，按比例瓜分补贴池。",
            budget=100_000_00,
            rules={"pot_minor": 100_000_00, "rate_bps": 500},
            kinds=("ka",),
            everything=True,
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=BOARD,
            kind="leaderboard",
            name="618 冲榜奖励",
            about="按有效成交额排名，同额先到者在前；每一单都来自真实账目。",
            budget=9_000_00,
            rules={
                "prizes": [
                    {"prize_minor": 5_000_00, "least_minor": 5_000_00},
                    {"prize_minor": 3_000_00, "least_minor": 2_000_00},
                    {"prize_minor": 1_000_00, "least_minor": 500_00},
                ],
            },
            everything=True,
        ),
    ),
    Run(
        begins=1,
        lasts=1,
        plan=Plan(
            code=BRAND,
            kind="super_brand_day",
            name="炊小满超级品牌日",
            about="24 小时独家佣金，成交越多，大家分的奖池越大。",
            budget=8_000_00,
            rules={
                "brand": merchants()[DEMO_MERCHANT].brand.zh,
                "pot": [
                    {"gmv_minor": 1_000_00, "pot_minor": 300_00},
                    {"gmv_minor": 10_000_00, "pot_minor": 2_000_00},
                    {"gmv_minor": 50_000_00, "pot_minor": 8_000_00},
                ],
            },
            sponsor="joint",
            merchant=DEMO_MERCHANT,
            merchant_bps=5_000,
            shops=(DEMO_MERCHANT,),
            raised_bps=3_000,
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=PICKED,
            kind="super_u",
            name="超级U选 · 单单补",
            about="精选小店好货，每个有效订单多得 1 元。",
            budget=1_200_00,
            rules={"least_stock": 0},
            group="bonus",
            shops=("mosslin", "lumnook", "waldkraemer", "furclub"),
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code=BARGAIN,
            kind="bargain_channel",
            name="产业带特价频道",
            about="源头工厂直供，低价高佣，每单多得 5 角。",
            budget=400_00,
            group="bonus",
            shops=("qingzhi", "guyuya", "nuanova", "chenlo", "lvanne"),
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code="maochao",
            kind="supermarket_benefits",
            name="团圆优选新客福利",
            about="组合满减，新客首单另有奖励。",
            budget=500_00,
            sponsor="merchant",
            merchant="tuanyuan",
            shops=("tuanyuan",),
            group="bonus",
        ),
    ),
    Run(
        begins=6,
        lasts=12,
        plan=Plan(
            code="tuanzhang",
            kind="tuanzhang_event",
            name="红姐的花园专场",
            about="团长组货，佣金上浮两成。",
            budget=0,
            host="hongjie",
            shops=("greenplot", "hobbypony"),
            raised_bps=2_000,
            service_bps=200,
        ),
    ),
    Run(
        begins=-1 - 20 / 24,  # from eight in the evening of tomorrow
        lasts=4 / 24,
        made=4,
        plan=Plan(
            code="fengqiang",
            kind="crazy_four_hours",
            name="疯抢 4 小时",
            about="四小时内，每款前 50 件佣金上浮一半。",
            budget=0,
            rules={"first_pieces": 50},
            shops=("stridewild", "voltchi"),
            raised_bps=5_000,
        ),
    ),
    Run(
        begins=-3,
        lasts=1,
        made=4,
        publish=False,  # waits for the second person
        plan=Plan(
            code="pinlei",
            kind="super_category_day",
            name="零食超级品类日",
            about="零食类目佣金上浮三成，奖池共享。",
            budget=8_000_00,
            rules={
                "category": "snacks",
                "pot": [
                    {"gmv_minor": 20_000_00, "pot_minor": 2_000_00},
                    {"gmv_minor": 80_000_00, "pot_minor": 8_000_00},
                ],
            },
            shops=("tangerly", "crunkey"),
            raised_bps=3_000,
        ),
    ),
    Run(
        begins=3,
        lasts=9,
        made=0.2,
        plan=Plan(
            code=VOUCHER,
            kind="gift_voucher",
            name="小满的粉丝礼金",
            about="送给粉丝的淘礼金，用我的收益支付。",
            budget=20_00,
            rules={"title": "小满请客", "face_minor": 2_00, "count": 10, "use_days": 3},
            sponsor="affiliate",
            host=DEMO_AFFILIATE,
            everything=True,
        ),
    ),
)
CONSENT = Run(
    begins=-4,
    lasts=2,
    plan=Plan(
        code="chufang",
        kind="double_commission",
        name="厨房焕新 · 品牌翻倍",
        about="与炊小满一起：厨房好物佣金翻倍。",
        budget=2_000_00,
        sponsor="joint",
        merchant=DEMO_MERCHANT,
        merchant_bps=5_000,
        shops=(DEMO_MERCHANT,),
    ),
)
