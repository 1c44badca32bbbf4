"""What votes on an item say of it: agreed, ambiguous, or one voice apart; and when nothing."""

from __future__ import annotations

from dvc_labelmeta.stats.votes import Refusal

AGREED, AMBIGUOUS, LONE, FEW = "agreed", "ambiguous", "lone dissent", "too few votes"
KINDS = {
    AGREED: "two votes or more, all the same",
    AMBIGUOUS: "skilled annotators disagree, so the item or its guideline is unclear",
    LONE: "one voice, or none that is skilled, stands apart: more likely a slip",
    FEW: "too few votes, or too few of annotators whose skill is known, to tell",
}
SLIP = 3  # so many skilled votes make one skilled vote against them a slip
MOST_LABELS = 100


def kind(votes: int, most: int, labels: int, skilled: int, skilled_most: int) -> str:
    """Return which of KINDS an item is.

    votes, labels: how many, how many different; most: for the most frequent label. skilled: votes
    of annotators known to be skilled; skilled_most: of those, for their most frequent label.

    Ambiguous: skilled votes differ, but for one against SLIP or more. Lone dissent: one vote
    against all others, or two or more skilled votes agree and only others (and one slip) dissent.
    Limits: skill is relative to the annotators at hand, so a crowd that shares a mistake looks
    agreed; a rare but right reading by one skilled annotator looks like a slip.
    """
    if labels == 1 and votes > 1:
        return AGREED
    if votes <= 2:
        return FEW
    apart = skilled - skilled_most
    slip = apart == 1 and skilled_most >= SLIP
    if apart and not slip:
        return AMBIGUOUS
    return LONE if votes - most == 1 or skilled_most > 1 else FEW


def meaningless(annotators: int, shared: int, labels: int) -> Refusal | None:
    """Return why a consensus would mean nothing, None where it means something.

    annotators: with votes, nameless votes one each; shared: items with two votes or more;
    labels: different ones.
    """
    if not annotators:
        return Refusal("no record has a label that counts as a vote")
    if annotators < 2:
        return Refusal("a consensus needs two annotators; all votes are of one")
    if not shared:
        return Refusal("no item has two votes, so there is nothing to agree on")
    if labels > MOST_LABELS:
        return Refusal(
            f"{labels} different labels are no set of classes (at most {MOST_LABELS}): "
            "agreement on free answers needs another measure"
        )
    return None
