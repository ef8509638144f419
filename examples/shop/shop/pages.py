"""The pages, each with its fault."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order, OrderLine, Product, Rate
from tracereport.emit import traced


@traced(params=["order_id"])
def order_page(session: Session, order_id: int) -> list[str]:
    """What is in an order, line by line. Planted: a query for each line's product."""
    order = session.get_one(Order, order_id)
    return [f"{line.quantity} x {line.product.sku}" for line in order.lines]


@traced(params=["order_id", "sku"])
def add_product(session: Session, order_id: int, sku: str) -> bool:
    """Puts a product into an order, if there is such a one. Planted: it is looked up twice."""
    if not product_exists(session, sku):
        return False
    session.add(OrderLine(order_id=order_id, product=load_product(session, sku), quantity=1))
    session.flush()
    return True


def product_exists(session: Session, sku: str) -> bool:
    """Whether there is such a product."""
    return session.scalar(select(Product).where(Product.sku == sku)) is not None


def load_product(session: Session, sku: str) -> Product:
    """The product, which must be there."""
    return session.scalars(select(Product).where(Product.sku == sku)).one()


@traced(params=["order_id", "currency"])
def order_total(session: Session, order_id: int, currency: str) -> float:
    """What an order costs. Planted: a query for each line's exchange rate, which is the same for all."""
    lines = session.execute(
        select(OrderLine.quantity, Product.price_cents).join(OrderLine.product).where(OrderLine.order_id == order_id)
    )
    return sum(quantity * price_cents / 100 * exchange_rate(session, currency) for quantity, price_cents in lines)


def exchange_rate(session: Session, currency: str) -> float:
    """What a euro is worth in the currency."""
    return session.scalars(select(Rate.per_euro).where(Rate.currency == currency)).one()
