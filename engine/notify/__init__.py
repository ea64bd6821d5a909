"""Tell a person: an alarm becomes a notice, and a letter for each place it goes to, which waits until it is there.

    notice     an alarm and the seven answers as text; pure
    outbox     letters on the disk beside the attempt: whoever finds them delivers them
    channels   desktop, ntfy, webhook, a command of the user's: sent, refused, or later
    courier    a thread that delivers, again and again while there is no way

The runner tells what it sees, so a sleeping laptop silences nothing; the keeper tells what no runner could (lost,
preempted) and delivers what a runner left behind. Standard library, Python 3.8: the runner carries it.
"""

from __future__ import annotations

from engine.notify.channels import Outcome, deliver, secret_of
from engine.notify.courier import Courier
from engine.notify.notice import Notice, compose
from engine.notify.outbox import Letter, Outbox

__all__ = ["Courier", "Letter", "Notice", "Outbox", "Outcome", "compose", "deliver", "secret_of"]
