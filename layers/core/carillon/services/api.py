"""Everything the API's routes call, in one value: wiring fills it, tests fill it with fakes."""

from collections.abc import Sequence
from dataclasses import dataclass

from carillon.domain.definition import Limits
from carillon.ports.access import AccessStore, CursorKeys, Revocations, TokenSigner, TokenVerifier
from carillon.ports.archive import ArchiveReader
from carillon.ports.audit import AuditLog
from carillon.ports.dispatch import DeadLetterStore, DispatchQueue
from carillon.ports.guards import Guards, SlotStore
from carillon.ports.progress import BackfillStore, StatsStore
from carillon.ports.runs import OutputStore, RunLogStore, RunStates, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.signals import Metrics
from carillon.ports.world import Chance, Clock, Concurrently, Log
from carillon.services.access_api import AccessApi, build_access_api
from carillon.services.adopt_runs import AdoptRuns
from carillon.services.answer_callback import AnswerCallback
from carillon.services.authenticate import Issuer
from carillon.services.backfills import Backfills
from carillon.services.calendars import ManageCalendars
from carillon.services.cancel_run import CancelRun
from carillon.services.claim import Claimer
from carillon.services.create_schedule import CreateSchedule
from carillon.services.dead_letters import DeadLetters
from carillon.services.delete_schedule import DeleteSchedule
from carillon.services.dispatch_now import DispatchAtOnce
from carillon.services.doors import DoorPorts, Doors, build_doors
from carillon.services.end_queued import EndQueued
from carillon.services.ended import build_ended
from carillon.services.enqueue import Enqueue
from carillon.services.find_runs import FindRuns
from carillon.services.journal import Journal
from carillon.services.keep_secrets import KeepSecrets
from carillon.services.pause_schedule import PauseSchedule
from carillon.services.preview_timetable import PreviewTimetable
from carillon.services.read_archived import ReadArchived
from carillon.services.read_runs import ReadRuns
from carillon.services.read_schedules import ReadSchedules
from carillon.services.read_stats import ReadStats
from carillon.services.replace_schedule import ReplaceSchedule
from carillon.services.resume_schedule import ResumeSchedule
from carillon.services.retry_run import RetryRun
from carillon.services.settle_run import SettleRun
from carillon.services.skip_next import SkipNext
from carillon.services.stop_run import StopRun
from carillon.services.trigger_schedule import TriggerSchedule
from carillon.services.work_off import WorkOff
from carillon.services.workflow import build_advance


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The services behind the routes."""

    clock: Clock
    log: Log
    metrics: Metrics
    limits: Limits
    signer: TokenSigner
    cursor_keys: CursorKeys
    access: AccessApi
    doors: Doors
    create_schedule: CreateSchedule
    replace_schedule: ReplaceSchedule
    pause_schedule: PauseSchedule
    resume_schedule: ResumeSchedule
    delete_schedule: DeleteSchedule
    trigger_schedule: TriggerSchedule
    skip_next: SkipNext
    calendars: ManageCalendars
    read_schedules: ReadSchedules
    read_runs: ReadRuns
    find_runs: FindRuns
    preview_timetable: PreviewTimetable
    backfills: Backfills
    read_stats: ReadStats
    stop_run: StopRun
    retry_run: RetryRun
    settle_run: SettleRun
    answer_callback: AnswerCallback
    dead_letters: DeadLetters


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPorts:
    """A stack's ports and settings; `issuer` names the stack in its tokens."""

    schedules: ScheduleStore
    runs: RunStore
    access: AccessStore
    guards: Guards
    revocations: Revocations
    audit: AuditLog
    slots: SlotStore
    outputs: OutputStore
    logs: RunLogStore
    kept: DeadLetterStore
    backfills: BackfillStore
    states: RunStates
    stats: StatsStore
    archive: ArchiveReader
    queue: DispatchQueue
    signer: TokenSigner
    verifier: TokenVerifier
    other_issuers: Sequence[Issuer] = ()
    cursor_keys: CursorKeys
    clock: Clock
    chance: Chance
    log: Log
    limits: Limits
    issuer: str
    door_ports: DoorPorts
    shards: int
    skew_seconds: int
    side_by_side: Concurrently = map


def _access(ports: ApiPorts, journal: Journal) -> AccessApi:
    return build_access_api(
        access=ports.access,
        guards=ports.guards,
        revocations=ports.revocations,
        audit=ports.audit,
        signer=ports.signer,
        verifier=ports.verifier,
        others=ports.other_issuers,
        issuer=ports.issuer,
        clock=ports.clock,
        chance=ports.chance,
        journal=journal,
        log=ports.log,
    )


def _doors(ports: ApiPorts, journal: Journal) -> Doors:
    return build_doors(
        ports.door_ports,
        access=ports.access,
        guards=ports.guards,
        audit=ports.audit,
        schedules=ports.schedules,
        clock=ports.clock,
        chance=ports.chance,
        journal=journal,
        log=ports.log,
        issuer=ports.issuer,
    )


def build_api(ports: ApiPorts) -> Api:
    """The services over a stack's ports."""
    clock, chance, log, queue = ports.clock, ports.chance, ports.log, ports.queue
    schedules, runs, outputs, states = ports.schedules, ports.runs, ports.outputs, ports.states
    advance = build_advance(schedules, runs, outputs, queue, clock, chance, log)
    ended = build_ended(ports.slots, queue, clock, chance, log, advance)
    journal = Journal(chance)
    end_queued = EndQueued(runs, ports.slots, ended, clock, chance, ports.skew_seconds)
    at_once = DispatchAtOnce(Claimer(schedules, queue, clock, chance), clock, log)
    enqueue, keep_secrets = Enqueue(runs, queue, clock), KeepSecrets(ports.door_ports.sealer)
    work_off = WorkOff(ports.backfills, schedules, runs, states, enqueue, clock, map, log)
    adopt = AdoptRuns(runs, ports.slots, clock, chance)
    archived = ReadArchived(ports.archive, clock, ports.side_by_side)
    return Api(
        clock=clock,
        log=log,
        metrics=ports.door_ports.metrics,
        limits=ports.limits,
        signer=ports.signer,
        cursor_keys=ports.cursor_keys,
        access=_access(ports, journal),
        doors=_doors(ports, journal),
        create_schedule=CreateSchedule(schedules, keep_secrets, clock, journal, at_once),
        replace_schedule=ReplaceSchedule(schedules, keep_secrets, clock, journal, end_queued, at_once, adopt),
        pause_schedule=PauseSchedule(schedules, clock, journal, end_queued),
        resume_schedule=ResumeSchedule(schedules, runs, clock, journal, at_once),
        delete_schedule=DeleteSchedule(schedules, runs, clock, journal, end_queued),
        trigger_schedule=TriggerSchedule(schedules, enqueue, outputs, clock, chance, journal),
        skip_next=SkipNext(schedules, clock, journal, end_queued, at_once),
        calendars=ManageCalendars(schedules, clock, journal, ports.shards),
        read_schedules=ReadSchedules(schedules, ports.shards),
        read_runs=ReadRuns(schedules, runs, outputs, ports.logs, archived),
        find_runs=FindRuns(schedules, runs, states, ports.shards),
        preview_timetable=PreviewTimetable(schedules, clock),
        backfills=Backfills(ports.backfills, schedules, runs, states, work_off, clock, chance, journal),
        read_stats=ReadStats(schedules, ports.stats, clock),
        stop_run=StopRun(schedules, CancelRun(runs, ended, clock, chance), clock, journal),
        settle_run=SettleRun(schedules, runs, ended, clock, chance, journal),
        retry_run=RetryRun(schedules, runs, enqueue, clock, journal),
        answer_callback=AnswerCallback(schedules, runs, outputs, queue, ended, journal, clock, chance, log),
        dead_letters=DeadLetters(ports.kept, runs, queue, clock, journal),
    )
