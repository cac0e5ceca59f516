"""A picture with sliders, which is still a picture where there are none."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.errors import InputError
from labkit.notebook.picture import Notice, NotReadyError, Picture

_WITHOUT_SLIDERS = (
    "(Sliders belong here. They appear when this cell is run in JupyterLab, Jupyter Notebook or "
    "VS Code.)"
)


@dataclass(frozen=True)
class Slider:
    """One number that the viewer can move.

    Args:
        name: the argument of the drawing function that it sets.
        label: what it is called on the screen.
        minimum: its smallest value.
        maximum: its largest value.
        value: where it starts.
        step: how far one key press moves it; a float makes it a slider over floats.
        play: whether a play button stands beside it.
    """

    name: str
    label: str
    minimum: float
    maximum: float
    value: float
    step: float = 1
    play: bool = False


class View:
    """Draw a picture, and draw it again whenever a slider moves.

    As the last line of a cell it shows the sliders and, below them, the picture for their
    first values. The picture is an output of the cell like any other, so it stays in saved
    and exported notebooks.

    Args:
        draw: takes the value of each slider by name and returns what to show; the notice is shown
            of a :class:`NotReadyError`.
        sliders: in the order in which they are shown.
    """

    def __init__(self, draw: Callable[..., Picture | Notice], sliders: Sequence[Slider]) -> None:
        self._draw = draw
        self.sliders = tuple(sliders)

    def draw(self, **values: float) -> Picture | Notice:
        """Draw for the given slider values; those not given keep their first value.

        Raises:
            InputError: there is no slider of that name, or the value is out of its range.
        """
        ranges = {slider.name: slider for slider in self.sliders}
        for name, value in values.items():
            if name not in ranges:
                raise InputError(f"There is no slider {name!r}; there are {', '.join(ranges)}.")
            slider = ranges[name]
            if not slider.minimum <= value <= slider.maximum:
                raise InputError(
                    f"{name} = {value} is outside {slider.minimum} to {slider.maximum}."
                )
        try:
            return self._draw(**({name: slider.value for name, slider in ranges.items()} | values))
        except NotReadyError as problem:
            return problem.notice

    def __repr__(self) -> str:
        return repr(self.draw())

    def _ipython_display_(self) -> None:
        from IPython.display import display

        first = self.draw()
        if isinstance(first, Notice) or not sliders_can_be_shown():
            display(first)
            return
        controls, box = self._controls()
        display({**box._repr_mimebundle_(), "text/plain": _WITHOUT_SLIDERS}, raw=True)
        shown = display(first, display_id=True)

        def redraw(_change: object) -> None:
            shown.update(self.draw(**{name: control.value for name, control in controls.items()}))

        for control in controls.values():
            control.observe(redraw, names="value")

    def _controls(self) -> tuple[dict[str, Any], Any]:
        import ipywidgets as widgets

        controls: dict[str, Any] = {}
        rows = []
        for slider in self.sliders:
            settings = {
                "min": slider.minimum,
                "max": slider.maximum,
                "step": slider.step,
                "value": slider.value,
            }
            kind = widgets.IntSlider if isinstance(slider.step, int) else widgets.FloatSlider
            control = kind(
                description=slider.label,
                style={"description_width": "15em"},
                layout={"width": "34em"},
                **settings,
            )
            row: list[Any] = [control]
            if slider.play:
                player = widgets.Play(interval=700, **settings)
                widgets.jslink((player, "value"), (control, "value"))
                row.append(player)
            controls[slider.name] = control
            rows.append(widgets.HBox(row))
        return controls, widgets.VBox(rows)


def sliders_can_be_shown() -> bool:
    """Tell whether a kernel with ipywidgets runs this, and nobody asked for none."""
    if os.environ.get("LABKIT_STATIC", "0") not in ("", "0"):
        return False
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
