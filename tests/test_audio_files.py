"""Audio files survive, and a report says what is wrong with a recording."""

import math
import resource
import signal

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from labkit.audio import audio_report, load_audio, save_audio
from labkit.errors import AudioError

NOISE = 2 * torch.rand(3000, generator=torch.Generator().manual_seed(0)) - 1


def tone(amplitude=0.5, seconds=1.0, frequency=443.0):
    time = torch.arange(int(seconds * 22_050), dtype=torch.float64) / 22_050
    return (amplitude * torch.sin(2 * math.pi * frequency * time)).float()


@pytest.mark.parametrize("name", ["a.wav", "a.FLAC"])
def test_saved_audio_comes_back_to_half_a_step(tmp_path, name):
    path = save_audio(tmp_path / name, NOISE)
    assert soundfile.info(path).subtype == "PCM_16"
    assert soundfile.info(path).samplerate == 22_050
    loaded = load_audio(path)
    assert loaded.dtype == torch.float32
    torch.testing.assert_close(loaded, NOISE, rtol=0, atol=0.5001 / 32_768)


@settings(max_examples=30)
@given(samples=st.lists(st.integers(-32_768, 32_767), min_size=1))
def test_sixteen_bit_samples_survive_exactly(samples, tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "a.wav"
    save_audio(path, np.array(samples) / 32_768)
    assert (load_audio(path) * 32_768).tolist() == samples
    rate, theirs = wavfile.read(path)  # with which the original lab reads and writes
    assert (rate, theirs.dtype, theirs.tolist()) == (22_050, np.int16, samples)


def test_full_scale_does_not_wrap_around(tmp_path):
    loaded = load_audio(save_audio(tmp_path / "a.wav", torch.tensor([1.0, -1.0])))
    assert loaded.tolist() == [32_767 / 32_768, -1.0]


def test_tensors_in_training_can_be_saved(tmp_path):
    audio = tone().requires_grad_() * 1
    assert len(load_audio(save_audio(tmp_path / "a.wav", audio))) == len(audio)


def test_channels_are_averaged(tmp_path):
    stereo = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 22_050)
    assert load_audio(tmp_path / "a.wav").tolist() == [0.125] * 100


def test_another_rate_is_refused_or_converted(tmp_path):
    path = save_audio(tmp_path / "a.wav", tone(), 44_100)
    with pytest.raises(AudioError, match=r"a.wav: is at 44100 Hz, but 22050 .*allow_resampling"):
        load_audio(path)
    converted = load_audio(path, allow_resampling=True)
    torch.testing.assert_close(
        converted[200:-200], tone(seconds=0.5, frequency=886)[200:-200], rtol=0, atol=1e-4
    )


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (torch.tensor([0.0, math.nan]), r"audio\[1\] = nan"),
        (torch.tensor([0.0, 0.5, 1.01]), r"audio\[2\] = 1.01 is outside.*divide by the peak"),
        (torch.zeros(100, dtype=torch.int16), r"divide by 32768"),
        (torch.zeros(2, 100), r"a.wav: audio must be of shape \(N,\) .*got \(2, 100\)"),
        (torch.zeros(0), r"not empty"),
    ],
)
def test_bad_audio_is_not_saved(tmp_path, audio, message):
    with pytest.raises(AudioError, match=message):
        save_audio(tmp_path / "a.wav", audio)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_the_old_file_alone(tmp_path):
    path = save_audio(tmp_path / "a.wav", tone())
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as full as a disk can be here
    try:
        with pytest.raises(AudioError, match=r"a.wav cannot be written: File too large"):
            save_audio(path, NOISE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_paths_are_named(tmp_path):
    with pytest.raises(AudioError, match=r"a.mp4: the name must end in .wav or .flac"):
        save_audio(tmp_path / "a.mp4", NOISE)
    with pytest.raises(AudioError, match=r"nowhere/a.wav cannot be written: there is no folder"):
        save_audio(tmp_path / "nowhere" / "a.wav", NOISE)
    with pytest.raises(AudioError, match=r"b.wav: no such audio file"):
        load_audio(tmp_path / "b.wav")
    (tmp_path / "c.wav").write_text("not audio")
    with pytest.raises(AudioError, match=r"c.wav: cannot be read as audio"):
        load_audio(tmp_path / "c.wav")
    soundfile.write(tmp_path / "d.wav", np.zeros(0), 22_050)
    with pytest.raises(AudioError, match=r"d.wav: holds no samples"):
        load_audio(tmp_path / "d.wav")


def test_report_of_a_clean_tone():
    report = audio_report(tone(amplitude=0.5, seconds=2))
    assert report.duration == 2
    assert report.peak_dbfs == pytest.approx(20 * math.log10(0.5), abs=0.01)
    assert report.rms_dbfs == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)
    assert (report.clipping_share, report.nan_count, report.silence_share) == (0, 0, 0)
    assert report.flags == ()
    assert str(report) == (
        "2.00 s, peak -6.0 dBFS, RMS -9.0 dBFS, clipped 0.00 %, silent 0 %, NaN 0; no flags"
    )


def test_report_measures_the_silent_part():
    report = audio_report(torch.cat([torch.zeros(22_050), tone(), torch.zeros(2 * 22_050)]))
    assert report.silence_share == pytest.approx(0.75, abs=0.01)
    assert report.flags == ()


def test_report_tells_clipping_from_a_high_peak():
    assert audio_report(tone(amplitude=1)).flags == ()
    clipped = tone(amplitude=2).clamp(-1, 1)
    report = audio_report(clipped)
    # the sine is beyond half its height two thirds of the time
    assert report.clipping_share == pytest.approx(2 / 3, abs=0.02)
    assert report.flags == ("clipped",)
    assert audio_report(torch.cat([tone(), torch.tensor([1.2])])).flags == ("clipped",)
    assert audio_report(tone(amplitude=0.9).clamp(-0.7, 0.7)).flags == ()


def test_report_survives_what_it_reports():
    spoiled = tone()
    spoiled[5], spoiled[7] = math.nan, math.inf
    report = audio_report(spoiled)
    assert report.nan_count == 2 and report.flags == ("NaN",)
    assert report.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert audio_report(torch.zeros(0)).flags == ("too short", "silent")
    assert audio_report(torch.full((600,), math.nan)).flags == ("NaN", "silent")
    assert audio_report(tone()[:512]).flags == ("too short",)
    silent = audio_report(np.zeros(22_050))
    assert silent.flags == ("silent",)
    assert (silent.silence_share, silent.rms_dbfs) == (1, -120)


def test_report_takes_one_channel_of_floats():
    with pytest.raises(AudioError, match=r"shape \(N,\), got \(2, 100\)"):
        audio_report(torch.zeros(2, 100))
    with pytest.raises(AudioError, match="divide by 32768"):
        audio_report(np.zeros(100, np.int16))
