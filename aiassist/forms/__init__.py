"""What people tell their advisers, by noun."""

from aiassist.forms.audience import AudienceForm
from aiassist.forms.policy import PolicyForm, initial_of

__all__ = ["AudienceForm", "PolicyForm", "initial_of"]
