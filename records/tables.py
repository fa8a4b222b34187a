"""All tables, imported in one place.

SQLAlchemy knows a table once its module is imported. Migrations, foreign keys and code that goes through all tables need
all of them, whichever modules a process uses otherwise.
"""

from __future__ import annotations

from .agenda.import_tables import AgendaImport, AgendaUpload
from .agenda.sessions import AgendaSession
from .attendance.badge_setup import BadgeExample, BadgeImage, BadgeSetup
from .attendance.devices import ScanDevice
from .attendance.ledger.tables import LedgerEntry, LedgerHead, ScanNames
from .attendance.questions.decisions import AttendanceDecision
from .attendance.questions.disputes import AttendanceDispute
from .attendance.refused_scans import RefusedScan
from .attendance.report.report_basis import ReportBasis
from .attendance.roster.roster_tables import RosterPerson, RosterUpload
from .audit import AuditEntry, AuditHead
from .facts.fact_tables import Fact, HookSecret
from .facts.prepared_runs import PreparedRun
from .identity.external_auth import ExternalAuth
from .identity.saml_certificates import SamlCertificate
from .identity.saml_tables import SamlProvider
from .identity.sp_keys import SpKey
from .notices.notice_tables import Mail, MailChoice, Notice, NoticeCursor
from .people.administrators import AdministratorLink
from .people.grants import Grant
from .people.users import User
from .scripts.author_tokens import AuthorToken
from .scripts.deployments import Deployment
from .scripts.drafts import ScriptDraft
from .scripts.reviews import Review, ReviewComment
from .scripts.runs import Run
from .scripts.submissions import Submission
from .scripts.versions import Script, Version, VersionCode
from .storage.environment_mark import EnvironmentMark
from .tenants.connections import Connection
from .tenants.implementations import Implementation
from .trials.kept_answers import KeptAnswers
from .trials.rehearsals import KeptRehearsal, RehearsalExample
from .trials.replayed_runs import ReplayedRun
from .webhooks.webhook_tables import Webhook, WebhookMessage

ALL_TABLES = (
    AdministratorLink,
    AgendaImport,
    AgendaSession,
    AgendaUpload,
    AttendanceDecision,
    AttendanceDispute,
    AuditEntry,
    AuditHead,
    AuthorToken,
    BadgeExample,
    BadgeImage,
    BadgeSetup,
    Connection,
    Deployment,
    EnvironmentMark,
    ExternalAuth,
    Fact,
    Grant,
    HookSecret,
    Implementation,
    KeptAnswers,
    KeptRehearsal,
    LedgerEntry,
    LedgerHead,
    Mail,
    MailChoice,
    Notice,
    NoticeCursor,
    PreparedRun,
    RefusedScan,
    RehearsalExample,
    ReplayedRun,
    ReportBasis,
    Review,
    ReviewComment,
    RosterPerson,
    RosterUpload,
    Run,
    SamlCertificate,
    SamlProvider,
    ScanDevice,
    ScanNames,
    Script,
    ScriptDraft,
    SpKey,
    Submission,
    User,
    Version,
    VersionCode,
    Webhook,
    WebhookMessage,
)
