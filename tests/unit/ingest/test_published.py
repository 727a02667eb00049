"""Published and reconstructed payloads, which stay beside the project, go in as they say."""

from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Ignored, Person, Sale
from tests.support.origin import origin
from tests.support.shared import beside


def test_the_published_purchase_of_hoopla_goes_in() -> None:
    body = beside("vendors/samples/hoopla/purchase.json").read_bytes()
    (record,) = ADAPTERS["hoopla"].split(body)
    (sale,) = ADAPTERS["hoopla"].parse(record, origin("hoopla"))
    assert isinstance(sale, Sale)
    (line,) = sale.transaction.lines
    assert (1000, 1500, "box_office") == (
        line.amount_minor,
        line.fee_minor,
        sale.transaction.channel,
    )
    assert sale.customer is not None
    assert "3314774599" == sale.customer.number
    body = beside("vendors/samples/hoopla/reservation.json").read_bytes()
    assert (Ignored("draft"),) == ADAPTERS["hoopla"].parse(body, origin("hoopla"))


def test_the_pages_of_tixly_go_in() -> None:
    adapter = ADAPTERS["tixly"]
    body = beside("vendors/reconstructed/tixly/events_sales_page.json").read_bytes()
    sales = [adapter.parse(record, origin("tixly"))[0] for record in adapter.split(body)]
    lines = [sale.transaction.lines[0] for sale in sales if isinstance(sale, Sale)]
    assert [("sale", 45_000), ("sale", 22_500), ("refund", 22_500)] == [
        (line.kind, line.amount_minor) for line in lines
    ]
    body = beside("vendors/reconstructed/tixly/customers_page.json").read_bytes()
    (person,) = adapter.parse(adapter.split(body)[0], origin("tixly"))
    assert isinstance(person, Person)
    assert ("1984-05-17", "male") == (person.customer.birth_date, person.customer.gender)
    assert "2024-01-12T09:11:12+00:00" == person.observed_at.isoformat()
