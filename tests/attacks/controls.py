"""The controls that are removed one at a time: where each stands, what stands there without it, and whom it stops."""

from collections.abc import Sequence
from dataclasses import dataclass

LIMITED = "        if self.operation.limited_as is not None:"
AUTHORISED = "        _authorise(self.found"
NONCE = """        if self.operation.is_fresh:
            self.doors.freshness.use_nonce(self.principal, self._header("x-nonce"))
"""
DOMAIN, SERVICES, API = "layers/core/carillon/domain/", "layers/core/carillon/services/", "functions/api/"


@dataclass(frozen=True)
class Control:
    """One control: the attack that it stops, and the edits (file, text, text without it) that remove it."""

    what: str
    attack: str
    edits: Sequence[tuple[str, str, str]]


def control(what, attack, *edits):
    return Control(what, attack, edits)


CONTROLS = (
    control(
        "a token's end",
        "TOKEN-10",
        (DOMAIN + "token_claims.py", 'if now >= seconds(claims["exp"]):', "if False:"),
    ),
    control(
        "issuer and audience",
        "TOKEN-15",
        (
            DOMAIN + "token_claims.py",
            'if claims["iss"] != issuer or not _is_for(claims["aud"], issuer, audience):',
            "if False:",
        ),
    ),
    control(
        "revoked tokens",
        "TOKEN-18",
        (SERVICES + "authenticate.py", "if self._revocations.is_revoked(token_id, now):", "if False:"),
    ),
    control(
        "sessions end with the user",
        "TOKEN-20",
        (SERVICES + "authenticate.py", "return not user.enabled or seconds(", "return False and seconds("),
    ),
    control(
        "login windows",
        "LOGIN-03",
        (SERVICES + "login.py", "WINDOW_SECONDS) > MAX_FAILURES:", "WINDOW_SECONDS) > 10**6:"),
    ),
    control(
        "permissions",
        "RBAC-03",
        (
            SERVICES + "authorise.py",
            "if not permits(principal.grants, permission, subject, principal.name):",
            "if False:",
        ),
    ),
    control(
        "nobody grants what they lack",
        "RBAC-11",
        (SERVICES + "authorise.py", "    if missing:\n", "    if False:\n"),
    ),
    control(
        "lists show what may be seen",
        "OBJECT-14",
        (
            SERVICES + "authorise.py",
            "return lambda subject: permits(grants, permission, subject, principal.name)",
            "return lambda subject: True",
        ),
    ),
    control(
        "masking in the audit log",
        "AUDIT-08",
        (DOMAIN + "masking.py", "_hidden(value) if _SECRET.search(name) else masked(value)", "masked(value)"),
    ),
    control("nonces are good once", "REPLAY-01", (SERVICES + "freshness.py", "raise NonceReused", "return")),
    control(
        "timestamps",
        "REPLAY-02",
        (DOMAIN + "replay.py", "if abs(moment - now) > WINDOW:", "if False:"),
        (DOMAIN + "replay.py", "NONCE_LIFETIME: Final = 2 * WINDOW", "NONCE_LIFETIME: Final = 0 * WINDOW"),
    ),
    control(
        "nonces outlive timestamps",
        "REPLAY-03",
        (DOMAIN + "replay.py", "NONCE_LIFETIME: Final = 2 * WINDOW", "NONCE_LIFETIME: Final = WINDOW"),
    ),
    control(
        "nothing changes but through the table",
        "REPLAY-17",
        (API + "gate.py", "raise nothing_at(method, path)", "return resolve(event, call)"),
    ),
    control(
        "a key is good for one request",
        "REPLAY-21",
        (DOMAIN + "idempotency.py", 'if remembered["digest"] != digest:', "if False:"),
    ),
    control(
        "a kept answer is given only to who may ask",
        "REPLAY-24",
        (API + "gate.py", "_authorise(self.found, self.call, self.principal)", "pass"),
    ),
    control(
        "secrets in answers are not kept",
        "REPLAY-25",
        (SERVICES + "idempotency.py", "not shows_secret and ", ""),
    ),
    control(
        "the rate of triggers", "RATE-01", (SERVICES + "rate.py", "        if wait:", "        if False:")
    ),
    control(
        "the window slides",
        "RATE-02",
        (
            DOMAIN + "limits.py",
            "if time > now_ms - limit.seconds * 1000)",
            "if time // 60000 == now_ms // 60000 and time % 60000 > 1)",
        ),
    ),
    control(
        "rate before nonce",
        "RATE-09",
        (API + "gate.py", LIMITED, NONCE + LIMITED),
        (API + "gate.py", NONCE + AUTHORISED, AUTHORISED),
    ),
    control(
        "a bound on what waits",
        "RATE-14",
        (
            SERVICES + "confirmations.py",
            "if len(own) >= MAX_WAITING or len(open_ones) >= MAX_LISTED:",
            "if False:",
        ),
    ),
    control("the table of risks", "TOTP-01", (DOMAIN + "risk.py", "    if reason is None:", "    if True:")),
    control("each step once", "TOTP-03", (DOMAIN + "totp.py", "if step <= standing.last_step:", "if False:")),
    control(
        "no older step",
        "TOTP-06",
        (
            DOMAIN + "totp.py",
            "for step in (current - 1, current):",
            "for step in (current - 2, current - 1, current):",
        ),
    ),
    control(
        "no step to come",
        "TOTP-07",
        (
            DOMAIN + "totp.py",
            "for step in (current - 1, current):",
            "for step in (current - 1, current, current + 1):",
        ),
    ),
    control(
        "the lock",
        "TOTP-09",
        (
            DOMAIN + "totp.py",
            "    if standing.locked_until is not None and now < standing.locked_until:\n        return Verdict.LOCKED",
            "    if False:\n        return Verdict.LOCKED",
        ),
    ),
    control(
        "misses add up over time",
        "TOTP-13",
        (DOMAIN + "totp.py", "misses = standing.misses + 1", "misses = 1"),
    ),
    control(
        "only the asker confirms",
        "CONFIRM-02",
        (SERVICES + "confirmations.py", "return principal.name == confirmation.asked_by", "return True"),
    ),
    control(
        "a confirmation ends",
        "CONFIRM-07",
        (SERVICES + "confirmations.py", "if self._clock.now() >= confirmation.expires_at:", "if False:"),
    ),
    control(
        "bound to the version",
        "CONFIRM-08",
        (
            SERVICES + "confirmations.py",
            "if head is None or head.head_version != confirmation.head_version:",
            "if False:",
        ),
        (
            API + "gate.py",
            'if request["if_match"] is None and taken.confirmation.head_version is not None:',
            "if False:",
        ),
    ),
    control(
        "bound to the operation",
        "CONFIRM-11",
        (
            SERVICES + "confirmations.py",
            'return {"purpose": "confirmation", "confirmation": confirmation_id, "digest": digest}',
            'return {"purpose": "confirmation"}',
        ),
        (SERVICES + "confirmations.py", "if request_digest(**request) != confirmation.digest:", "if False:"),
    ),
    control(
        "a machine's sessions are looked at again",
        "CONFIRM-18",
        (SERVICES + "confirmations.py", "if user.tokens_valid_from > confirmation.asked_at:", "if False:"),
    ),
    control(
        "enrolment needs the password",
        "TOTP-16",
        (
            SERVICES + "second_factor.py",
            "if user is None or not verify_password(password, user.password_hash):",
            "if False:",
        ),
    ),
    control(
        "a new factor needs the old one",
        "TOTP-17",
        (SERVICES + "second_factor.py", "if before is not None and before.is_active:", "if False:"),
    ),
    control("an enrolment ends", "TOTP-19", (DOMAIN + "totp.py", " and now < self.pending_until", "")),
    control(
        "recovery codes are used up",
        "TOTP-22",
        (SERVICES + "prove_factor.py", "recovery=left or ()", "recovery=factor.recovery"),
    ),
    control(
        "cursors are authenticated",
        "INPUT-21",
        (DOMAIN + "cursor.py", "if hmac.compare_digest(tag, _tag(key, listing, body)):", "if True:"),
    ),
    control(
        "an edit names its version",
        "INPUT-26",
        (API + "calls.py", "        if required:", "        if False:"),
    ),
    control(
        "a lost update is refused",
        "INPUT-27",
        (
            SERVICES + "operator_write.py",
            "if expected_version is not None and head.head_version != expected_version:",
            "if False:",
        ),
    ),
    control(
        "no answer is kept by caches",
        "WEB-01",
        (API + "headers.py", '    "cache-control": "no-store",\n', ""),
    ),
    control(
        "no answer is framed", "WEB-03", (API + "headers.py", "frame-ancestors 'none'", "frame-ancestors *")
    ),
)
