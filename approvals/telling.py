"""What is stored of an approval's end and of a decision's way upstream, known to `runs.told`."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from runs import told

told.know(
    gettext_noop("resumed elsewhere"),
    gettext_noop("cancelled elsewhere"),
    gettext_noop("the run timed out"),
    gettext_noop("the run succeeded"),
    gettext_noop("the run failed"),
    gettext_noop("the run is %(status)s"),
    gettext_noop("it waits for a person"),
    gettext_noop("it is queued"),
    gettext_noop("it is running"),
    gettext_noop("it is succeeded"),
    gettext_noop("it is failed"),
    gettext_noop("it is cancelled"),
    gettext_noop("it is timed out"),
    gettext_noop("Upstream confirmed it."),
    gettext_noop("Upstream's answer was lost; reading the run proves that it arrived."),
    gettext_noop("It did not arrive; it is sent again."),
    gettext_noop("Reading what became of it."),
    gettext_noop("The reading was too old to act upon."),
    gettext_noop("Whoever sent it did not come back."),
    gettext_noop("The secret in its note can't be opened: SECRET_KEY has changed."),
    gettext_noop("Taken back by %(name)s."),
    gettext_noop("The run left this pause before the decision arrived: %(state)s."),
    gettext_noop("The agent says something else than what was decided on."),
    gettext_noop("The run left this pause without this decision: %(state)s."),
    gettext_noop("Upstream refused it: %(said)s The run was %(state)s then."),
    gettext_noop("Upstream refused it: %(said)s"),
    gettext_noop("Given up after a day: %(said)s"),
    gettext_noop("It is tried again: %(said)s"),
)
