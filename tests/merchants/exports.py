"""Order exports as shops write them, made up here, with the dirt that they really have."""

import csv
import io

SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Shipping Country,Notes,Note Attributes,Cancelled at,Payment Method,"
    "Payment Reference,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount"
)
WOO = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,"
    "fee_tax_total,tax_total,cart_discount,order_discount,discount_total,order_total,"
    "order_subtotal,order_currency,payment_method,payment_method_title,transaction_id,"
    "shipping_method,customer_id,customer_note,shipping_items,fee_items,tax_items,coupon_items,"
    "refund_items,order_notes,download_permissions,meta:_click_id,line_item_1,line_item_2"
)
TAOBAO = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址,运送方式,联系电话,联系手机,订单创建时间,订单付款时间,"
    "宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,"
    "发票抬头,是否手机订单,分阶段订单信息,定金排名,修改后的sku,修改后的收货地址,异常信息"
)


def shopify(*orders, newline="\n"):
    """Orders as (what is the order's, its items): the first stand in the first row only."""
    rows = []
    for order, items in orders:
        for place, item in enumerate(items):
            lines = {f"Lineitem {name}": value for name, value in item.items()}
            rows.append({"Name": order["Name"], **(order if place == 0 else {}), **lines})
    return written(SHOPIFY, rows, newline).encode()


def woo(*rows):
    return written(WOO, rows, "\n").encode()


def taobao(*rows):
    """GBK, CRLF, numbers that Excel must not round: ="…" or with a quote in front."""
    marked = [
        {**row, "订单编号": f'="{row["订单编号"]}"', "物流单号": "'1234567890123456"}
        for row in rows
    ]
    return written(TAOBAO, marked, "\r\n").encode("gbk")


def written(header, rows, newline):
    out = io.StringIO()
    writer = csv.DictWriter(out, header.split(","), restval="", lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def shopify_order(number="#1001", **more):
    return {
        "Name": number,
        "Financial Status": "paid",
        "Paid at": "2026-05-30 22:20:00 -0400",
        "Currency": "CNY",
        "Subtotal": "90.00",
        "Shipping": "10.00",
        "Taxes": "0.00",
        "Total": "100.00",
        "Created at": "2026-05-30 22:14:00 -0400",
        "Note Attributes": "gift: yes\nclick_id: C1-abc\n",
        "Id": "5500001",
        **more,
    }


TEAPOT = {"quantity": "2", "name": "Teapot, blue", "price": "40.00", "sku": "T1", "discount": "0"}
CUP = {"quantity": "1", "name": "Cup", "price": "20.00", "sku": "C1", "discount": "0.00"}


def woo_order(number="2001", **more):
    return {
        "order_id": "77",
        "order_number": number,
        "order_date": "2026-05-31 10:14:00",
        "paid_date": "2026-05-31 10:20:00",
        "status": "processing",
        "order_total": "110.00",
        "order_currency": "CNY",
        "coupon_items": "code:TEA10|description:|amount:10.00",
        "meta:_click_id": "C1-abc",
        "line_item_1": "name:Teapot | blue|product_id:11|sku:T1|quantity:2|total:72.00",
        "line_item_2": "name:Cup: small|product_id:12|sku:|quantity:1|total:18.00",
        **more,
    }


def taobao_order(number="3300000000000000018", **more):
    return {
        "订单编号": number,
        "买家应付货款": "90.00",
        "买家应付邮费": "10.00",
        "总金额": "100.00",
        "买家实际支付金额": "100.00",
        "订单状态": "买家已付款，等待卖家发货",
        "订单创建时间": "2026-05-31 10:14:00",
        "订单付款时间": "2026-05-31 10:20:00",
        "宝贝标题": "西湖龙井，明前特级",
        "宝贝总数量": "2",
        "订单备注": "老客户 click_id:C1-abc",
        "订单关闭原因": "订单未关闭",
        **more,
    }
