"""Cityscapes' portal: log in with a person's own account, then packages by their names.

The requests are those of the publisher's downloader (cityscapesscripts, ``csDownload``): the login form, the list of
the account's packages, each one's md5, and the package by its number. That tool itself is not used: it asks for the
password at the terminal or reads it from a file in clear text, ends at the first broken connection, and needs packages
that have no use here (coloredlogs, pyquaternion, typing).

Credentials come from the environment, or the password from the system's keyring if the package ``keyring`` is installed
(service ``cityscapes``). They are sent to the portal's login form and appear nowhere else.
"""

import contextlib
import importlib.util
import os
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from depth2seg.data.patience import Patience, RetryError, check_status, passing_troubles, patiently
from depth2seg.data.wanted import Wanted
from depth2seg.errors import UserError

if TYPE_CHECKING:
    import requests

USERNAME, PASSWORD = "CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD"
UNLISTED = "download the archives by hand and name their folder as `archives` in the data set's block"


class Account:
    """A person's account with the portal. It logs in when it is first needed, and again when a session ends."""

    def __init__(self, portal: str, patience: Patience, stop: threading.Event):
        import requests

        self.portal, self.patience, self.stop = portal.rstrip("/"), patience, stop
        address = urlsplit(portal)
        if address.scheme != "https" and address.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise UserError(f"mirror: {portal} would get the password in clear text. Use an https address")
        self.credentials = credentials()
        self.session = requests.Session()
        self.inside = False

    def package(self, wanted: Wanted) -> tuple[Wanted, str]:
        """What the portal says of a package by its name: with its md5, and its address.

        Raises:
            UserError: the login is refused, or the account has no such package.
        """
        try:
            listed = self._ask("downloads/?list", wanted.name).json()
            numbers = {package["name"]: package["packageID"] for package in listed}
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{self.portal} does not list its packages as it used to: {UNLISTED}") from error
        if wanted.name not in numbers:
            raise UserError(
                f"{self.portal}: this account has no package {wanted.name}. Some are given on request: ask on the "
                f"download page. It has {', '.join(sorted(numbers)) or 'none'}"
            )
        number = numbers[wanted.name]
        md5 = re.match(r"[0-9a-f]{32}\b", self._ask(f"md5-sum/?packageID={number}", wanted.name).text)
        return replace(wanted, md5=md5 and md5[0]), f"{self.portal}/file-handling/?packageID={number}"

    def get(self, url: str, headers: dict, timeout: float) -> "requests.Response":
        """Open an address of the portal, logged in.

        Raises:
            RetryError: the session ended.
            UserError: the login is refused.
        """
        if not self.inside:
            self._log_in(timeout)
        answer = self.session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if answer.is_redirect:  # to the login form
            answer.close()
            self.inside = False
            raise RetryError("the portal sends back to its login form")
        return answer

    def _ask(self, path: str, name: str) -> "requests.Response":
        """A short answer, read to its end."""
        url = f"{self.portal}/{path}"

        def once() -> "requests.Response":
            with passing_troubles(url), self.get(url, {}, self.patience.timeout) as answer:
                check_status(answer, name, url, good=(200,))
                _ = answer.content
                return answer

        return patiently(once, f"{name} from {self.portal}", self.patience, self.stop)

    def _log_in(self, timeout: float) -> None:
        url = f"{self.portal}/login"
        with self.session.get(url, timeout=timeout, allow_redirects=False) as form:
            check_status(form, "the login form", url, good=(200, 302))
        data = self.credentials | {"submit": "Login"}
        with self.session.post(url, data=data, timeout=timeout, allow_redirects=False) as answer:
            check_status(answer, "the login form", url, good=(200, 302))
        if answer.status_code != 302:  # who is let in is sent on to the next page
            raise UserError(
                f"{url} does not accept {USERNAME} with {PASSWORD}: check both, or log in there by hand once"
            )
        self.inside = True


def credentials() -> dict[str, str]:
    """User name and password, from environment or keyring; UserError, which shows neither, if one is missing."""
    username, password = os.environ.get(USERNAME), os.environ.get(PASSWORD)
    if username and not password and importlib.util.find_spec("keyring"):
        import keyring

        with contextlib.suppress(keyring.errors.KeyringError):
            password = keyring.get_password("cityscapes", username)
    if not (username and password):
        raise UserError(
            f"Cityscapes is given to registered users only. Register at its download page, then set {USERNAME} and "
            f"{PASSWORD} in the environment; or {UNLISTED}"
        )
    return {"username": username, "password": password}
