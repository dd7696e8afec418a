"""Notes that hold a secret: sealed until they were sent, masked ever after."""

from __future__ import annotations

from django.db import models

from runs.models.mirror import Run


class SecretNote(models.Model):
    """The note of a resume that holds a secret. `sealed` is emptied once nobody needs to send it any more."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="secret_notes")
    code = models.CharField(max_length=16, unique=True)  # of the decision, as the note carries it upstream
    shown = models.TextField(blank=True)  # the note, its secret as dots
    sealed = models.TextField(blank=True)  # by `runs.vault`

    def __str__(self) -> str:
        return f"secret note [{self.code}]"
