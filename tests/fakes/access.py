"""The Access and Guards tables in memory."""

from datetime import timedelta

from carillon.domain.audit_query import moment_id, time_key
from carillon.domain.errors import LastAdmin, LostRace
from carillon.ports.pages import Page
from tests.fakes.database import paged, stored


class MemoryAccess:
    """AccessStore in memory."""

    def __init__(self, database):
        self._database = database

    def user(self, name):
        with self._database.operation("user"):
            return self._database.users.get(name)

    def users(self, limit, start=None):
        with self._database.operation("users"):
            found = sorted(self._database.users.values(), key=lambda user: user.name)
            page, last = paged(found, limit, start, lambda user: user.name)
            return Page(tuple(page), last)

    def save_user(self, user, audit, *, before):
        self._write(self._database.users, user.name, stored(user), audit, before and before.version)

    def delete_user(self, user, audit):
        self._write(self._database.users, user.name, None, audit, user.version)

    def roles(self, names):
        with self._database.operation("roles"):
            found = self._database.roles
            return [found[name] for name in dict.fromkeys(names) if name in found]

    def all_roles(self):
        with self._database.operation("all_roles"):
            return [role for _, role in sorted(self._database.roles.items())]

    def save_role(self, role, audit, *, replaces):
        self._write(self._database.roles, role.name, stored(role), audit, replaces)

    def delete_role(self, role, audit):
        self._write(self._database.roles, role.name, None, audit, role.version)

    def _write(self, rows, name, after, audit, replaces):
        with self._database.operation("access_write"):
            if audit.entry_id in self._database.audit:
                return
            found = rows.get(name)
            if (found.version if found else None) != replaces:
                raise LostRace(f"{name} was changed meanwhile.")
            others = [row for row in rows.values() if row is not found and is_admin(row)]
            if is_admin(found) and not is_admin(after) and not others:
                raise LastAdmin
            if after is None:
                del rows[name]
            else:
                rows[name] = after
            self._database.audit[audit.entry_id] = audit


def is_admin(row):
    return getattr(row, "is_admin", False)


class MemoryGuards:
    """Guards in memory."""

    def __init__(self, database):
        self._database = database
        self._windows = {}

    def record_failure(self, key, now, window_seconds):
        with self._database.operation("record_failure"):
            count, until = self._windows.get(key, (0, now))
            if until <= now:
                count, until = 0, now + timedelta(seconds=window_seconds)
            self._windows[key] = count + 1, until
            return count + 1

    def take_back_failure(self, key, now):
        with self._database.operation("take_back_failure"):
            count, until = self._windows.get(key, (0, now))
            if until > now:
                self._windows[key] = max(0, count - 1), until


class MemoryRevocations:
    """Revocations in memory."""

    def __init__(self, database):
        self._database = database

    def revoke(self, token_id, until, audit):
        with self._database.operation("revoke"):
            self._database.revoked[token_id] = until
            self._database.audit[audit.entry_id] = audit

    def is_revoked(self, token_id, now):
        with self._database.operation("is_revoked"):
            return self._database.revoked.get(token_id, now) > now


class MemoryAuditLog:
    """AuditLog in memory."""

    def __init__(self, database):
        self._database = database

    def append(self, entry):
        with self._database.operation("append"):
            self._database.audit.setdefault(entry.entry_id, entry)

    def page(self, query, limit, start=None):
        with self._database.operation("audit_page"):
            entries = sorted(self._database.audit.values(), key=moment_id, reverse=True)
            before = start["before"] if start else time_key(query.last)
            found = [
                entry
                for entry in entries
                if time_key(query.first) <= moment_id(entry) < before
                and query.actor in (None, entry.actor)
                and query.object in (None, entry.object)
            ]
            last = {"before": moment_id(found[limit - 1])} if len(found) > limit else None
            return Page(tuple(found[:limit]), last)

    def of_day(self, day):
        return [entry for entry in self._database.audit.values() if entry.at.date() == day]
