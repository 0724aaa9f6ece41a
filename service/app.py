"""The application factory: parts, middleware, routes."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine, text
from sqlmodel import Session
from starlette.staticfiles import StaticFiles

from service.accounts.api import router as token_routes
from service.accounts.pages import router as account_pages
from service.alerts.api import router as alert_routes
from service.alerts.pages import router as alert_pages
from service.audit.pages import router as audit_pages
from service.cases.api import router as case_routes
from service.cases.pages import router as case_pages
from service.clock import Clock, system_clock
from service.config import Settings
from service.dependencies import AppParts, Parts
from service.exchange.europol.api import router as europol_routes
from service.exchange.europol.pages import router as europol_pages
from service.exchange.interpol.api import router as interpol_routes
from service.following import follower_of
from service.index.factory import index_factory
from service.index.mirror import Mirror
from service.linkage import Linkage
from service.observability import Metrics
from service.profile import chosen_profile
from service.risk.api import router as risk_routes
from service.risk.pages import router as risk_pages
from service.search.api import router as search_routes
from service.search.pages import router as search_pages
from service.security.headers import GuardMiddleware
from service.statistics.api import router as statistics_routes
from service.statistics.pages import router as statistics_pages
from service.store.engine import make_engine
from service.store.unit_of_work import store_errors
from service.web.docs import router as docs_routes
from service.web.rendering import install_page_errors, static_directory

ROUTERS = (
    token_routes,
    case_routes,
    search_routes,
    alert_routes,
    risk_routes,
    interpol_routes,
    europol_routes,
    statistics_routes,
    account_pages,
    case_pages,
    search_pages,
    alert_pages,
    risk_pages,
    europol_pages,
    audit_pages,
    statistics_pages,
    docs_routes,
)


COLLECT_EVERY = (100_000, 20, 100)
"""Objects between two collections, and how many of those before an older generation is walked.
A search makes some 50,000 objects that die with it; at Python's own 700 a full collection, which
walks every name that is kept prepared, came in every tenth search and took 0.3 s."""


def create_app(
    settings: Settings | None = None, *, engine: Engine | None = None, clock: Clock = system_clock
) -> FastAPI:
    """Put the service together.

    Args:
        settings: Left out, read from the environment.
        engine: The store; left out, opened from the settings.
        clock: Source of the current time.
    """
    settings = settings or Settings()
    metrics = Metrics()
    store = engine or make_engine(settings.database_url)
    mirror = Mirror() if settings.index_mirror else None
    linkage = Linkage(chosen_profile(settings), index_factory(settings, mirror=mirror, clock=clock))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if mirror is not None:
            mirror.warm(store)
        app.state.parts = Parts(settings, store, linkage, clock, metrics)
        # What is loaded now lives as long as the process: the collector need not walk it.
        gc.freeze()
        gc.set_threshold(*COLLECT_EVERY)
        follower = follower_of(settings, store, linkage, clock, metrics)
        if follower is not None:
            follower.start()
        yield
        if follower is not None:
            follower.stop()
        if engine is None:
            store.dispose()

    app = FastAPI(
        title="EMPD",
        summary="European Missing Persons Database, prototype on synthetic data",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    install_page_errors(app)
    app.add_middleware(GuardMiddleware, metrics=metrics, max_body_bytes=settings.max_body_bytes)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=static_directory()), name="static")
    _add_probes(app)
    return app


def _add_probes(app: FastAPI) -> None:
    @app.get("/healthz", tags=["operation"])
    def healthz() -> dict[str, str]:
        """The process runs."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operation"])
    def readyz(parts: AppParts) -> dict[str, str]:
        """Store and index answer."""
        with store_errors(), Session(parts.engine) as session:
            session.connection().execute(text("SELECT 1"))
            index = parts.linkage.open_index(session)
            index.healthy()
            return {"status": "ok", "index_generation": index.generation().name}

    @app.get("/metrics", tags=["operation"])
    def metrics(parts: AppParts) -> Response:
        """Counters for Prometheus; no personal data."""
        return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)
