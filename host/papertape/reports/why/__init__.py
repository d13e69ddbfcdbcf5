"""Why a session did, or did not, trade at a candle: `explain` gives the chain, `sentences` says it."""

from papertape.reports.why.chain import Chain
from papertape.reports.why.explain import explain
from papertape.reports.why.moment import moment_of
from papertape.reports.why.sentences import Paragraph, sentences

__all__ = ["Chain", "Paragraph", "explain", "moment_of", "sentences"]
