"""What the shop knows: products, orders and exchange rates, in a small database that is made on the spot."""

from sqlalchemy import Engine, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool

from tracereport.emit.sqlalchemy import trace_statements

ORDERS = 6
LINES_PER_ORDER = 6


class Base(DeclarativeBase):
    """All tables."""


class Product(Base):
    """Something to sell."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    price_cents: Mapped[int]


class Order(Base):
    """What a customer wants."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order")


class OrderLine(Base):
    """So many of one product."""

    __tablename__ = "order_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


class Rate(Base):
    """What a euro is worth."""

    __tablename__ = "rates"
    currency: Mapped[str] = mapped_column(primary_key=True)
    per_euro: Mapped[float]


def open_shop() -> Engine:
    """A database in memory: six orders of six lines each, no product in two of them; its statements are traced."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for order in range(1, ORDERS + 1):
            session.add(Order(id=order, customer=f"customer {order}"))
            for line in range(LINES_PER_ORDER):
                product = 10 * order + line
                session.add(Product(id=product, sku=f"sku-{product}", price_cents=100 * product))
                session.add(OrderLine(order_id=order, product_id=product, quantity=line + 1))
        session.add_all([Rate(currency="USD", per_euro=1.25), Rate(currency="GBP", per_euro=0.8)])
        session.commit()
    trace_statements(engine)
    return engine
