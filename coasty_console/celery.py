"""The job queue's application. Messages are hints; rows are the truth."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")

app = Celery("coasty_console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
