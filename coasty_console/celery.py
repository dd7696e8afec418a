"""The job queue's application. Messages are hints; rows are the truth."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")

app = Celery("coasty_console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.worker_consumer = "coasty_console.consuming:Consumer"
app.conf.beat_schedule = {
    name: {"task": name, "schedule": settings.SWEEP_SECONDS, "options": {"expires": settings.SWEEP_SECONDS}}
    for name in (
        "runs.tasks.sweep",
        "runs.tasks.index",
        "runs.tasks.keep_budgets",
        "runs.tasks.work_batches",
        "runs.tasks.look_for_waste",
        "approvals.tasks.sweep",
    )
}
for name, seconds in (
    ("approvals.notices.tasks.sweep", settings.NOTICE_SECONDS),
    ("runs.tasks.read_rates", 10),
    ("approvals.tasks.weigh", 30),
    ("runs.tasks.compare_books", 300),
    ("approvals.tasks.retain", 60),
    ("approvals.tasks.keep_digests", 60),
    ("approvals.tasks.verify_audit", 86_400),
):
    app.conf.beat_schedule[name] = {"task": name, "schedule": seconds, "options": {"expires": seconds}}
