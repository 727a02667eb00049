"""The pages on made-up sales, asked without a network."""

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from services.query.beside import Beside
from tests.support.cutting import MadeUpCut, beside
from tests.support.dashboard import NOON, TOKENS, FakeSource, Houses, app, filled

Client = Callable[..., TestClient]


@pytest.fixture(scope="session")
def sales() -> FakeSource:
    return filled(lambda: NOON)


@pytest.fixture
def houses() -> Houses:
    return Houses()


@pytest.fixture
def source(sales: FakeSource) -> Iterator[FakeSource]:
    yield sales
    sales.fails = None
    sales.behind = {}


@pytest.fixture
def made() -> MadeUpCut:
    return MadeUpCut()


@pytest.fixture
def cuts(houses: Houses, made: MadeUpCut) -> Beside:
    return beside(houses, made)


@pytest.fixture
def visitor(source: FakeSource, houses: Houses) -> TestClient:
    return TestClient(app(source, lambda: NOON, houses), follow_redirects=False)


@pytest.fixture
def signed_in(source: FakeSource, houses: Houses, cuts: Beside) -> Client:
    """Return what makes a client that is signed in as somebody."""

    def enter(who: str, language: str = "nb") -> TestClient:
        client = TestClient(
            app(source, lambda: NOON, houses, cuts),
            follow_redirects=False,
            headers={"Accept-Language": language},
        )
        assert client.post("/sign-in", data={"token": TOKENS[who]}).status_code == 303
        return client

    return enter
