"""The app: the addresses which its developers need, and where its logins may end."""
