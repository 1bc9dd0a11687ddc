"""The campaigns of the night, with budgets so small that some run dry.

Budgets are those for a thousand visitors, and grow with them.
"""

from alliance.demo.load.campaigns import Plan
from alliance.demo.merchants import DEMO_MERCHANT, merchants

COUPON, TASK, DOUBLE, POT, BOARD, BRAND, FREE = (
    "hongbao", "wenzhuan", "fanbei", "baiwan", "bangdan", "pinpai", "miandan",
)  # fmt: skip
BIG, SMALL = ("ka", "traffic", "tuanzhang"), ("small", "channel")

# Coupons of a campaign, for a hundred visitors.
STOCKS = {COUPON: 34, FREE: 2}

PLANS = (
    Plan(
        code=COUPON,
        kind="super_coupon",
        name="618超级红包",
        about="无门槛红包，每人每天一个；成交归属领取渠道，佣金比例最高 90%。",
        budget=9_000_00,
        rules={"least_wait_seconds": 0},
        group="share",
        everything=True,
    ),
    Plan(
        code=FREE,
        kind="freebie",
        name="限时免单",
        about="先到先得，免单至多 50 元。",
        budget=1_200_00,
        rules={
            "most_price_minor": 50_00,
            "slots": [{"opens": "00:00:00", "minutes": 1440}],
        },
        shops=("voltchi",),
        most=1,
    ),
    Plan(
        code=TASK,
        kind="guaranteed_task",
        name="稳赚任务 · 每日冲单",
        about="接下任务，出单就有保底奖励；完成越多，奖励越高。",
        budget=300_00,  # five places
        rules={
            "tiers": [
                {"orders": 1, "reward_minor": 2_00},
                {"orders": 3, "reward_minor": 12_00},
                {"orders": 8, "reward_minor": 60_00},
            ],
        },
        kinds=("small",),
        everything=True,
    ),
    Plan(
        code=DOUBLE,
        kind="double_commission",
        name="中小淘客佣金翻倍",
        about="报名后前 50 单佣金翻倍，每单最多补 20 元。",
        budget=900_00,
        limits={
            "per_order_minor": 20_00,
            "per_affiliate_day_minor": 200_00,
            "orders_per_affiliate": 50,
        },
        group="bonus",
        kinds=SMALL,
        everything=True,
    ),
    Plan(
        code=POT,
        kind="million_subsidy",
        name="KA 百万补贴",
        about="在平日成交之外的增量，按比例瓜分补贴池。",
        budget=600_00,
        rules={"pot_minor": 600_00, "rate_bps": 1_000},
        kinds=("ka",),
        everything=True,
    ),
    Plan(
        code=BOARD,
        kind="leaderboard",
        name="618 冲榜奖励",
        about="按有效成交额排名，同额先到者在前。",
        budget=1_800_00,
        rules={
            "prizes": [
                {"prize_minor": 1_000_00, "least_minor": 500_00},
                {"prize_minor": 500_00, "least_minor": 300_00},
                {"prize_minor": 300_00, "least_minor": 100_00},
            ],
        },
        kinds=BIG,
        everything=True,
    ),
    Plan(
        code="fengqiang",
        kind="crazy_four_hours",
        name="疯抢 4 小时",
        about="四小时内，每款前 6 件佣金上浮一半。",
        budget=0,
        rules={"first_pieces": 6, "raise_bps": 5_000},
        shops=("stridewild", "voltchi"),
        raised_bps=5_000,
    ),
    Plan(
        code=BRAND,
        kind="super_brand_day",
        name="炊小满超级品牌日",
        about="24 小时独家佣金，成交越多，大家分的奖池越大。",
        budget=800_00,
        rules={
            "brand": merchants()[DEMO_MERCHANT].brand.zh,
            "pot": [
                {"gmv_minor": 2_000_00, "pot_minor": 200_00},
                {"gmv_minor": 8_000_00, "pot_minor": 800_00},
            ],
        },
        sponsor="joint",
        merchant=DEMO_MERCHANT,
        merchant_bps=5_000,
        shops=(DEMO_MERCHANT,),
        raised_bps=3_000,
    ),
    Plan(
        code="pinlei",
        kind="super_category_day",
        name="零食超级品类日",
        about="零食类目佣金上浮三成，奖池共享。",
        budget=300_00,
        rules={"category": "snacks", "pot": [{"gmv_minor": 1_000_00, "pot_minor": 300_00}]},
        shops=("tangerly",),
        raised_bps=3_000,
    ),
    Plan(
        code="superu",
        kind="super_u",
        name="超级U选 · 单单补",
        about="精选小店好货，每个有效订单多得 1 元。",
        budget=40_00,
        rules={"bonus_minor": 1_00},
        group="bonus",
        shops=("mosslin", "lumnook"),
    ),
    Plan(
        code="chanyedai",
        kind="bargain_channel",
        name="产业带特价频道",
        about="源头工厂直供，低价高佣，每单多得 5 角。",
        budget=60_00,
        group="bonus",
        shops=("qingzhi", "nuanova"),
    ),
    Plan(
        code="maochao",
        kind="supermarket_benefits",
        name="团圆优选新客福利",
        about="组合满减，新客首单另有奖励。",
        budget=300_00,
        sponsor="merchant",
        merchant="tuanyuan",
        shops=("tuanyuan",),
        group="bonus",
    ),
    Plan(
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
)
