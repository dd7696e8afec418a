"""What is stored of an approval's end, of a decision's way upstream, of why a yes lapsed and why a policy stood back,
known to `runs.told`.
"""

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

# Why a policy stood back: a job writes it.
told.know(
    gettext_noop("More than one person has to agree."),
    gettext_noop("Somebody other than the starter has to agree."),
    gettext_noop("A decision on this pause was recalled or refused; people are asked now."),
    gettext_noop("It has decided %(count)s times in this run."),
    gettext_noop("The reason is too long to be read by a rule."),
    gettext_noop("A payment, or what can't be undone, is decided only by a policy that names it."),
    gettext_noop("It speaks of money, and the policy has no limit for it that certainly holds."),
    gettext_noop("All policies that decide are stopped."),
    gettext_noop("%(person)s was driving the machine."),
    gettext_noop("%(person)s was on it."),
)

# Why a yes lapsed, and how a takeover ended.
told.know(
    gettext_noop("what the agent says has changed"),
    gettext_noop("there is a newer picture of the screen"),
    gettext_noop("the cost rose from %(before)s to %(after)s"),
    gettext_noop("they may not say resume any more"),
    gettext_noop("said anew"),
    gettext_noop("taken back"),
    gettext_noop("handed back"),
    gettext_noop("expired"),
    gettext_noop("decided"),
)

# Why a notice did not get through.
told.know(
    gettext_noop("%(host)s can't be reached."),
    gettext_noop("The certificate of %(host)s is not valid."),
    gettext_noop("%(host)s did not answer."),
    gettext_noop("%(host)s answered with %(status)s."),
    gettext_noop("The host %(host)s is not known."),
    gettext_noop(
        "%(host)s is an address inside this network; notices go there only with NOTICES_TO_PRIVATE_ADDRESSES=1."
    ),
    gettext_noop("%(where)s did not take it."),
    gettext_noop("The push service answered with %(status)s."),
    gettext_noop("The sending was interrupted twice; whether it arrived is not known."),
)

# Why one of many that are alike was not decided with them: in the log of their gesture.
told.know(
    gettext_noop("There is no such approval."),
    gettext_noop("It needs more than one person."),
    gettext_noop("The agent gave no reason to compare."),
    gettext_noop("It asks in other words, perhaps for another account: the secret was not given to it."),
    gettext_noop("Your account is switched off."),
    gettext_noop("Deciding approvals needs the role reviewer or admin."),
    gettext_noop("You have started this run: somebody else must say resume. You may fail or cancel it."),
    gettext_noop("Nobody can decide this any more: %(because)s."),
    gettext_noop("The run has moved on since you looked: %(difference)s"),
    gettext_noop("it is no longer waiting, it is %(status)s."),
    gettext_noop("it waits again, for another reason."),
    gettext_noop("somebody has resumed it meanwhile."),
    gettext_noop("it has paused anew after what you saw; read the new reason."),
    gettext_noop("%(name)s decided this already at %(decided_at)s UTC: %(verdict)s."),
    gettext_noop("%(name)s drives this machine until %(expires_at)s UTC or hands it back sooner."),
    gettext_noop("A payment is looked at by itself."),
    gettext_noop("What can't be undone is looked at by itself."),
    gettext_noop("A one-time code works for one run only."),
)
