"""Notices: what happened in a script's life, told to those whom it concerns, on the page of notices and by mail.

A change writes its audit entry in its own transaction, so the entries are the one complete list of what happened,
whichever edge made the change. The notices are made from them, once, by the background worker.

    notice_kinds.py     the one table: what is told, to whom, in which words
    audiences.py        who the people of an audience are now
    notice_tables.py    notices, mails, what each person wants by mail, and up to which entry notices were made
    notice_making.py    from an audit entry to notices
    ends_soon.py        notices about what ends soon: author tokens, certificates
    vendor_trouble.py   notices about vendors that have been slow or failing for a while
    notice_list.py      the notices of one person
    mail_choices.py     what each person wants by mail
    outbox.py           mails that wait, one attempt to send one, and what became of it
    mail_content.py     what a mail says, decided when it is sent
    plain_line.py       names as one short line
"""
