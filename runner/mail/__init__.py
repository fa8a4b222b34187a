"""Mails: what one looks like, and how one is handed to the operator's mail server.

mail_message.py         a mail with its headers, from what it says
mail_templates.py       the templates of its two bodies, in `templates/`
unsubscribe_tokens.py   the signed link that ends the mails of a group
mail_server.py          the mail server, and why a mail was not sent
bounded_smtp.py         SMTP with a server that may be hostile: bounded in time and in bytes
handing_over.py         one mail, step by step
"""
