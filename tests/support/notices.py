"""Makes notices as the background worker does, for all tests that need some."""

from records.notices import notice_making


def make_next(db, *, mailing=True):
    """Make the notices of the next entry; return whether there was one."""
    found = notice_making.upcoming(db)
    return found is not None and notice_making.record(db, found, mailing=mailing)


def make_all(database, *, mailing=True):
    """Make the notices of all entries."""
    more = True
    while more:
        with database.session() as db:
            more = make_next(db, mailing=mailing)
