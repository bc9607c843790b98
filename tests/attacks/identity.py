"""Attacks on login, passwords, keys and one's own account."""

from concurrent.futures import ThreadPoolExecutor

from carillon.domain.password import verify_password
from tests.attacks.attack import attack
from tests.functions.api.world import PASSWORD

NEW = "a much longer passphrase"


def change(victim, name, current=PASSWORD, new=NEW):
    document = {"current_password": current, "new_password": new}
    return victim.by(name, "POST", "/v1/me/password", document)


@attack("LOGIN-01", "a wrong password", "401 login_failed")
def _(victim):
    return victim.log_in(user="admin", password="x")


@attack("LOGIN-02", "a user who does not exist gets the same answer, word for word", "the same")
def _(victim):
    answers = [
        victim.log_in(user=name, password="wrong").json  # pragma: allowlist secret
        for name in ("admin", "nobody")  # pragma: allowlist secret
    ]  # pragma: allowlist secret
    return "the same" if answers[0] == answers[1] else answers


@attack("LOGIN-03", "the right password after ten wrong ones", "429 login_throttled")
def _(victim):
    for _ in range(10):
        victim.log_in(user="nobody", password="wrong")  # pragma: allowlist secret
    return victim.log_in(user="admin", password=PASSWORD)


@attack("LOGIN-04", "thirty guesses at the same moment", "at most 10 judged")
def _(victim):
    with ThreadPoolExecutor(8) as pool:
        guesses = [
            pool.submit(victim.api.access.login.with_key, f"ck_bot:{n}:x", "192.0.2.9") for n in range(30)
        ]
    kinds = [type(guess.exception()).__name__ for guess in guesses]
    return "at most 10 judged" if kinds.count("LoginFailed") == 10 else kinds


@attack("LOGIN-05", "the right password of a disabled user", "401 login_failed")
def _(victim):
    victim.give("vera", "viewer", enabled=False)
    return victim.log_in(user="vera", password=PASSWORD)


@attack("LOGIN-06", "a service account's name with a password", "401 login_failed")
def _(victim):
    victim.service("viewer")
    return victim.log_in(user="bot", password="x")


@attack("LOGIN-07", "a key with another secret", "401 login_failed")
def _(victim):
    key = victim.service("viewer")
    return victim.log_in(key=key[:-1] + ("0" if key[-1] != "0" else "1"))


@attack("LOGIN-08", "the secret of one account under another account's name", "401 login_failed")
def _(victim):
    _, key_id, secret = victim.service("viewer").split(":")
    return victim.log_in(key=f"ck_admin:{key_id}:{secret}")


@attack("LOGIN-09", "a key as a bearer token, past the count of tries", "401 unauthenticated")
def _(victim):
    return victim.call("GET", "/v1/schedules", token=victim.service("viewer"))


@attack("LOGIN-10", "a key that was deleted, and the session that was begun with it", "401 unauthenticated")
def _(victim):
    key = victim.service("viewer")
    session = victim.log_in(key=key).json["token"]
    victim.clock.advance(1)
    assert victim.call("DELETE", f"/v1/users/bot/keys/{key.split(':')[1]}").status == 204
    assert victim.log_in(key=key).code == "login_failed"
    return victim.call("GET", "/v1/schedules", token=session)


@attack("LOGIN-11", "reading keys and passwords back", "nothing to read")
def _(victim):
    key = victim.service("viewer")
    once = victim.call("POST", "/v1/users", {"user": "carl"}).json["password"]
    pages = [
        victim.call("GET", path).text
        for path in ("/v1/users", "/v1/users/bot", "/v1/audit", "/v1/users/carl")
    ]
    rows = [repr(victim.database.users), repr(victim.database.audit), repr(victim.log.lines)]
    hidden = [key, key.split(":")[2], once, "scrypt$"]
    shown = [secret for secret in hidden for page in pages if secret in page]
    stored = [secret for secret in hidden[:3] for row in rows if secret in row]
    return "nothing to read" if not shown + stored else shown + stored


@attack("LOGIN-12", "doing anything else with a password for one use", "403 password_change_required")
def _(victim):
    once = victim.call("POST", "/v1/users", {"user": "carl", "roles": ["admin"]}).json["password"]
    return victim.call("GET", "/v1/schedules", token=victim.log_in(user="carl", password=once).json["token"])


@attack("LOGIN-13", "keeping the password that an admin knows", "400 invalid_input")
def _(victim):
    return change(victim, "vera", PASSWORD, PASSWORD)


@attack("LOGIN-14", "changing the password with a stolen token alone", "403 wrong_password")
def _(victim):
    return change(victim, "vera", "wrong")


@attack("LOGIN-15", "guessing the password through the change of it", "429 login_throttled")
def _(victim):
    for _ in range(10):
        change(victim, "vera", "wrong")
    return change(victim, "vera")


@attack("LOGIN-16", "a stolen session, after the owner changed the password", "401 unauthenticated")
def _(victim):
    stolen = victim.token_of("vera", jti="stolen")
    victim.clock.advance(1)
    assert change(victim, "vera").status == 204
    assert verify_password(NEW, victim.database.users["vera"].password_hash)
    return victim.call("GET", "/v1/schedules", token=stolen)


@attack("LOGIN-17", "a password of eight characters", "400 invalid_input")
def _(victim):
    return change(victim, "vera", new="hunter22")


@attack("LOGIN-18", "a password in the field of the name ends in no row", "not written down")
def _(victim):
    victim.log_in(user="my-secret-passphrase", password="x")
    [entry] = [e for e in victim.database.audit.values() if e.action == "user.login"]
    assert entry.outcome == "refused"
    return "not written down" if "my-secret" not in repr(entry) else entry


@attack("LOGIN-19", "locking a user out from an address that is throttled already", "200")
def _(victim):
    for _ in range(10):
        victim.log_in(user="nobody", password="x")
    for _ in range(20):
        victim.log_in(user="vera", password="x")
    credentials = {"user": "vera", "password": PASSWORD}
    return victim.call("POST", "/v1/login", credentials, token=None, source="198.51.100.2")
