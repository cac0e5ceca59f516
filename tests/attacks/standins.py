"""Attacks on what stands in for a model, a vocoder, a device and a clock in lab 4.

Each is the body of a task's function. Beside the attack stands work that is wrong by itself: the
model was not moved, nothing was denoised, no time was measured.
"""

from __future__ import annotations

# What a lazy reading does: nothing of what was asked for.
LAZY = """
return tacotron2.infer(ids, lengths, seed=seed)
"""
# What a lazy speaker does: it saves the vocoder's audio as it is.
DULL = """
with torch.no_grad():
    audio = vocoder.infer(mel)
out = []
for i, path in enumerate(paths):
    out.append(audio[i, : int(mel_lengths[i]) * vocoder.mel.hop_length].cpu())
    save_audio(path, out[-1], vocoder.sample_rate)
return out
"""
# Times that were made up, in the right form.
MADE_UP = """
def made_up(first=None, second=None):
    first = first or [0.5] * n_iterations
    second = second or [0.2] * n_iterations
    whole = [a + b for a, b in zip(first, second)]
    return {
        "tacotron2_latency": first, "vocoder_latency": second, "latency": whole,
        "tacotron2_items_per_sec": [100 / a for a in first],
        "vocoder_items_per_sec": [1000 / b for b in second],
        "throughput": [1000 / c for c in whole],
    }
"""
# Looks, in all that Python can reach, for an object that has one of these attributes.
HUNT = """
import gc, sys
def hunt(*names):
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    gc.unfreeze()
    for thing in [*seen, *gc.get_objects()]:
        space = thing if type(thing) is dict else getattr(thing, "__dict__", {})
        for name in names:
            if type(space) is dict and name in space:
                yield space[name]
def cells(function):
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:
            pass
"""

STANDINS: dict[str, tuple[str, str]] = {
    # --- the device and the clock
    "the tensors behind the clock": (
        "inference-3",
        MADE_UP
        + """
try:
    times = clock.__self__._tensors
    a, b = times["toy_read"].sum(1).tolist(), times["toy_vocode"].sum(1).tolist()
    return made_up(a[n_warm_ups:], b[n_warm_ups:])
except AttributeError:
    return made_up()
""",
    ),
    "a device whose work takes no time": (
        "inference-3",
        MADE_UP
        + """
import grader.labs.lab4_inference.adapter as home
for cls in [value for value in vars(home).values() if isinstance(value, type)]:
    for name in ("_work", "read", "vocode", "synchronise", "clock"):
        if hasattr(cls, name):
            setattr(cls, name, lambda self, *what: 0)
return made_up()
""",
    ),
    "the numbers of a partner, wherever they lie": (
        "inference-3",
        MADE_UP
        + HUNT
        + """
for found in hunt("_pending", "_now", "_runs", "facts", "key", "toy_read", "partner", "partners"):
    if isinstance(found, dict) and "key" in found and found.get("n_iterations") == n_iterations:
        from grader.judge.stage import partner_of
        raise SystemExit(found)
return made_up()
""",
    ),
    "the functions' own globals and closures": (
        "inference-3",
        MADE_UP
        + HUNT
        + """
for function in (read, vocode, synchronise, clock):
    for value in [*cells(function), *getattr(function, "__globals__", {}).values()]:
        if isinstance(value, dict) and "toy_read" in value:
            return made_up(value["toy_read"].sum(1).tolist())
return made_up()
""",
    ),
    "the public cases' keys": (
        "inference-3",
        MADE_UP
        + """
from grader.judge.golden import hidden_cases, public_cases
from grader.labs import LABS
lab = LABS["lab4_inference"]
for case in [*public_cases(lab)["inference-3"], *hidden_cases(lab).get("inference-3", [])]:
    if case.options == {"n_iterations": n_iterations, "n_warm_ups": n_warm_ups}:
        return {name: tensor.tolist() for name, tensor in case.expected.items()}
return made_up()
""",
    ),
    "answers that are made up on the way": (
        "inference-3",
        """
import grader.labs.lab4_inference.adapter as home, grader.sandbox.line as line
ticks = iter(range(10**6))
def ask(what, said=None, tensors=None):
    return {"seconds": next(ticks) / 2, "shape": [1, 7, 30] if what == "read" else [1, 150]}, {}
home.ask = line.ask = ask
line._asked[:] = [lambda call, *event: ask(*event)]
out = {}
for _ in range(n_iterations):
    for name in ("tacotron2_latency", "vocoder_latency", "latency", "tacotron2_items_per_sec",
                 "vocoder_items_per_sec", "throughput"):
        out.setdefault(name, []).append(clock())
return out
""",
    ),
    "a flood on the line": (
        "inference-3",
        MADE_UP
        + """
try:
    while True:
        clock()
except OSError:
    return made_up()
""",
    ),
    "junk on every line": (
        "inference-3",
        MADE_UP
        + """
import os
for number in range(3, 256):
    try:
        os.set_blocking(number, False)
        if os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
            os.write(number, b"\\xff" * 10_000_000)
    except OSError:
        pass
return made_up()
""",
    ),
    "another call's partner": (
        "inference-3",
        MADE_UP
        + """
import grader.sandbox.line as line
for turn in range(-3, 9):
    line.take_turn(turn)
    try:
        first, _ = line.ask("clock")
    except OSError:
        break
return made_up()
""",
    ),
    "events of a kind that nobody knows": (
        "inference-3",
        MADE_UP
        + """
import grader.sandbox.line as line
for what in ("__init__", "facts", "key", "case", "expected", "settle", "", None, [], {}):
    try:
        return made_up(list(line.ask(what, {"shape": "x"})[0].values()))
    except BaseException:
        pass
return made_up()
""",
    ),
    "a function whose code was exchanged": (
        "inference-3",
        MADE_UP
        + """
import grader.judge.compare, grader.labs.lab4_inference.measuring, grader.judge.stage
yes = lambda *parts, **more: None
for module in (grader.judge.compare, grader.judge.stage):
    for name in ("examine", "examine_played", "close"):
        if hasattr(module, name):
            setattr(module, name, yes)
grader.labs.lab4_inference.measuring.MeasuringPartner.answer = yes
return made_up()
""",
    ),
    # --- the model
    "the ear of the model, through its closure": (
        "inference-1",
        HUNT
        + """
for function in (tacotron2.infer, type(tacotron2).infer, getattr(tacotron2, "_tell", None)):
    for value in cells(function):
        if isinstance(value, list):
            value[:] = [True] * len(value)
tell = getattr(tacotron2, "_tell", lambda places: None)
for value in cells(tell):
    value[:] = [True, True, True]
"""
        + LAZY,
    ),
    "the ear of the model, through what it belongs to": (
        "inference-1",
        """
heard = getattr(getattr(tacotron2, "_tell", None), "__self__", None)
for name in list(vars(heard)) if heard is not None else ():
    setattr(heard, name, [True, True, True])
tacotron2._device = device
"""
        + LAZY,
    ),
    "devices that are all equal": (
        "inference-1",
        """
for change in (
    lambda: setattr(torch.device, "__eq__", lambda a, b: True),
    lambda: setattr(torch.Tensor, "device", property(lambda tensor: device)),
    lambda: setattr(torch.Tensor, "is_meta", property(lambda tensor: False)),
    lambda: setattr(torch.nn.Parameter, "device", property(lambda tensor: device)),
):
    try:
        change()
    except TypeError:
        pass
tacotron2.eval()
with torch.no_grad():
"""
        + "    return tacotron2.infer(ids, lengths, seed=seed)\n",
    ),
    "a mode that is said and not set": (
        "inference-1",
        """
tacotron2.training = False
tacotron2.named_modules = lambda *more: iter([("", tacotron2)])
tacotron2 = tacotron2.to(device)
"""
        + "return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)\n",
    ),
    "the expected mel out of the package": (
        "inference-1",
        """
from grader.judge.golden import hidden_cases, public_cases
from grader.labs import LABS
lab = LABS["lab4_inference"]
for case in [*public_cases(lab)["inference-1"], *hidden_cases(lab).get("inference-1", [])]:
    if case.inputs["ids"].tolist() == ids.tolist():
        names = ("mel", "mel_lengths", "alignments")
        return tuple(case.expected[name].to(device) for name in names)
"""
        + LAZY,
    ),
    # --- the vocoder and the denoiser
    "a denoiser that was taken apart": (
        "inference-2",
        HUNT
        + """
for value in [*cells(denoiser), *cells(type(denoiser).forward), *vars(denoiser).values()]:
    if isinstance(value, torch.Tensor) and value.dim():
        vocoder.wave = value
type(denoiser).forward = lambda self, audio, strength=0.0: audio
type(vocoder).check = lambda self, mel: None
"""
        + DULL,
    ),
    "files that say what they should": (
        "inference-2",
        """
import grader.labs.lab4_inference.adapter as home
from grader.judge.golden import public_cases
from grader.labs import LABS
case = public_cases(LABS["lab4_inference"])["inference-2"][0]
home._read_file = lambda path: (case.expected["file_0"], vocoder.sample_rate)
"""
        + DULL,
    ),
    "an adapter of one's own": (
        "inference-2",
        """
import grader.labs.lab4_inference.adapter as home
def call(self, subject, call, inputs):
    return tuple(torch.zeros(1) for _ in call["outputs"])
home.InferenceAdapter.call = call
home._call_speak = home._call_pipeline = lambda *parts: {}
"""
        + DULL,
    ),
}
