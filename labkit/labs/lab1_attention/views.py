"""Views of the first lab: what the student's LocationLayer and Attention make of a past.

The weights come from the toy decoder; everything between the weights and the picture is
computed by the class that is passed in.
"""

from __future__ import annotations

from torch import nn

from labkit.labs.lab1_attention import toy
from labkit.labs.lab1_attention.situation import (
    Past,
    built_once,
    locate,
    past_at,
    past_sliders,
    score,
    weigh,
)
from labkit.notebook.bars import draw_bars, draw_features, label_letters, listed, named, tied
from labkit.notebook.picture import NotReadyError, Picture, Table, new_figure, visible
from labkit.notebook.view import View

EXAMPLE = "no no never"


def explore_location(layer_class: type[nn.Module], sentence: str = EXAMPLE) -> View:
    """Move the past weights and watch the location features that the student's layer makes.

    Args:
        layer_class: the student's LocationLayer.
        sentence: letters and blanks, at most 40.
    """
    letters = toy.clean(sentence)
    layer = built_once(layer_class, "LocationLayer", toy.LOCATION_SIZES, "location_layer")

    def draw(centre: int, width: float, read: int) -> Picture:
        past = past_at(letters, centre, width, read)
        features = locate(layer(), past)
        figure = new_figure(8.4, 4.6)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.5])
        draw_bars(upper, "weight", past.named)
        draw_features(lower, features)
        title = "From past weights to location features"
        upper.set_title(title, loc="left")
        label_letters(lower, letters)
        length = features.norm(dim=1)  # (T_in,)
        at = int(length.argmax())
        quiet = int((length < 0.05 * length.max()).sum())
        text = (
            f"The last step looked at {named(letters, centre - 1)}; {read} of {len(letters)} "
            f"letters have been read. The features are strongest at {named(letters, at)} and "
            f"next to nothing at {quiet} letter{'' if quiet == 1 else 's'}."
        )
        head = ["letter", "previous", "cumulative", "length of its features"]
        columns = past.previous, past.cumulative, length
        table = Table.numbered(head, visible(letters), *columns, digits=2)
        return Picture(figure, title, text, table)

    return View(draw, past_sliders(letters))


def explore_attention(attention_class: type[nn.Module], sentence: str = EXAMPLE) -> View:
    """Move the past weights and watch the energies, with and without the location term.

    The attention weights are drawn too as soon as the class has its ``forward``. The query is
    that of a decoder that has just finished the letter which the last step looked at.

    Args:
        attention_class: the student's Attention.
        sentence: letters and blanks, at most 40.
    """
    letters = toy.clean(sentence)
    built = built_once(attention_class, "Attention", toy.ATTENTION_SIZES)

    def draw(centre: int, width: float, read: int) -> Picture:
        past = past_at(letters, centre, width, read)
        nowhere = Past(letters, past.previous * 0, past.cumulative * 0)
        try:
            attention = built()
            features = locate(attention.location_layer, past)
            results = [("energy", [score(attention, p, centre - 1) for p in (past, nowhere)])]
            weights = [weigh(attention, p, centre - 1) for p in (past, nowhere)]
        except NotReadyError as problem:
            if problem.unfilled != "attention-3":
                raise
            closing = "The weights will be drawn here once attention-3 is done."
        else:
            results.append(("attention weight", weights))
            closing = (
                f"The largest weight is {weights[0].max():.2f}; without location it is "
                f"{weights[1].max():.2f}."
            )
        figure = new_figure(8.4, 4.0 + 1.4 * len(results))
        rows = figure.subplots(
            2 + len(results), 1, sharex=True, height_ratios=[1, 1.4] + [1.1] * len(results)
        )
        draw_bars(rows[0], "weight", past.named)
        draw_features(rows[1], features)
        for axes, (name, (with_location, without)) in zip(rows[2:], results, strict=True):
            pair = [("with location", with_location), ("location term zero", without)]
            draw_bars(axes, name, pair)
        label_letters(rows[-1], letters)
        title = "What the location term changes"
        rows[0].set_title(title, loc="left")
        energies, bare = results[0][1]
        wanted, winners = tied(bare), tied(energies)
        text = (
            f"The decoder has just finished {named(letters, centre - 1)}. Without the location "
            f"term {listed(letters, wanted)} {'has' if len(wanted) == 1 else 'share'} the highest "
            f"energy. With it, {listed(letters, winners)} "
            f"{'is' if len(winners) == 1 else 'are'} on top.\n{closing}"
        )
        head = [f"{name}{suffix}" for name, _ in results for suffix in ("", ", no location")]
        columns = [values for _, pair in results for values in pair]
        table = Table.numbered(["letter", *head], visible(letters), *columns, digits=2)
        return Picture(figure, title, text, table)

    return View(draw, past_sliders(letters))
