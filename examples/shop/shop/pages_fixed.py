"""The pages, mended: what they give is the same."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.models import Order, OrderLine, Product, Rate
from tracereport.emit import traced


@traced(params=["order_id"])
def order_page(session: Session, order_id: int) -> list[str]:
    """What is in an order, line by line. Mended: lines and products come in one query for all lines."""
    with_products = selectinload(Order.lines).options(joinedload(OrderLine.product))
    order = session.get_one(Order, order_id, options=[with_products])
    return [f"{line.quantity} x {line.product.sku}" for line in order.lines]


@traced(params=["order_id", "sku"])
def add_product(session: Session, order_id: int, sku: str) -> bool:
    """Puts a product into an order, if there is such a one. Mended: to look it up says whether there is one."""
    product = find_product(session, sku)
    if product is None:
        return False
    session.add(OrderLine(order_id=order_id, product=product, quantity=1))
    session.flush()
    return True


def find_product(session: Session, sku: str) -> Product | None:
    """The product, if there is such a one."""
    return session.scalars(select(Product).where(Product.sku == sku)).one_or_none()


@traced(params=["order_id", "currency"])
def order_total(session: Session, order_id: int, currency: str) -> float:
    """What an order costs. Mended: a session asks for a currency's exchange rate once."""
    lines = session.execute(
        select(OrderLine.quantity, Product.price_cents).join(OrderLine.product).where(OrderLine.order_id == order_id)
    )
    return sum(quantity * price_cents / 100 * exchange_rate(session, currency) for quantity, price_cents in lines)


def exchange_rate(session: Session, currency: str) -> float:
    """What a euro is worth in the currency; remembered as long as the session lasts."""
    rates: dict[str, float] = session.info.setdefault("rates", {})
    if currency not in rates:
        rates[currency] = session.scalars(select(Rate.per_euro).where(Rate.currency == currency)).one()
    return rates[currency]
