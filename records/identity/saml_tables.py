"""The table of SAML identity providers, in its own module because the rules of certificates need it too."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId, utc_now


class SamlProvider(Base):
    """The identity provider of an implementation; there is one at most."""

    __tablename__ = "saml_providers"
    __table_args__ = (
        UniqueConstraint("implementation_id"),
        UniqueConstraint("id", "implementation_id"),
        CheckConstraint("sso_url LIKE 'https://%' OR development", name="https"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    entity_id: Mapped[str] = mapped_column(Text)
    sso_url: Mapped[str] = mapped_column(Text)
    slo_url: Mapped[str] = mapped_column(Text)
    metadata_url: Mapped[str] = mapped_column(Text)
    attribute_map: Mapped[dict[str, Any]]
    subject_attribute: Mapped[str] = mapped_column(String(255))  #: "" for the NameID
    accept_response_signature: Mapped[bool]
    allow_cbc: Mapped[bool]
    allow_unsolicited: Mapped[bool]
    development: Mapped[bool]  #: may be on this machine itself, by http; never in production
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    changed_by: Mapped[str] = mapped_column(String(255))

    def __repr__(self) -> str:
        return f"<SamlProvider {self.entity_id}>"
