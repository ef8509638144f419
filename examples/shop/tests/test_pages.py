"""What the pages promise. Both modules keep it; only one of them asks too often."""

from types import ModuleType

import pytest
from sqlalchemy.orm import Session


@pytest.mark.parametrize("order", [1, 2])
def test_an_order_shows_each_of_its_lines(pages: ModuleType, session: Session, order: int) -> None:
    assert pages.order_page(session, order)[:2] == [f"1 x sku-{order}0", f"2 x sku-{order}1"]


@pytest.mark.parametrize("sku", ["sku-10", "sku-20", "sku-30"])
def test_a_product_can_be_added(pages: ModuleType, session: Session, sku: str) -> None:
    assert pages.add_product(session, 3, sku)


def test_a_product_that_does_not_exist_cannot_be_added(pages: ModuleType, session: Session) -> None:
    assert not pages.add_product(session, 3, "sku-0")


@pytest.mark.parametrize(("order", "currency", "total"), [(5, "USD", 1400.0), (6, "GBP", 1064.0)])
def test_an_order_is_totalled_in_any_currency(
    pages: ModuleType, session: Session, order: int, currency: str, total: float
) -> None:
    assert pages.order_total(session, order, currency) == pytest.approx(total)
