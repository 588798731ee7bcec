"""Films and recordings for tests, made here so that their content is known."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from PIL import Image

av: Any = pytest.importorskip("av", reason="films need the extra 'media'")

SECRET = "48.8566 SECRET"
"""Stands in the metadata of every sample."""

RATE = 10
SOUND_RATE = 48_000


@cache
def sample(
    container: str = "mp4",
    video: str = "libx264",
    sound: str = "aac",
    *,
    seconds: int = 2,
    size: tuple[int, int] = (64, 48),
) -> bytes:
    """Return a film, red for half a second and then blue, or a silent recording."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        for name in ("comment", "title", "location"):
            file.metadata[name] = SECRET
        shown: Any = file.add_stream(video, rate=RATE) if video else None
        heard = file.add_stream(sound, rate=SOUND_RATE) if sound else None
        if shown:
            shown.width, shown.height = size
            shown.pix_fmt = "yuv420p"
        if heard:
            heard.layout = "mono"
        for number in range(seconds * RATE if shown else 0):
            color = (250, 0, 0) if number < RATE // 2 else (0, 0, 250)
            frame = av.VideoFrame.from_image(Image.new("RGB", size, color))
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            file.mux(shown.encode(frame))
        if shown:
            file.mux(shown.encode(None))
        if heard:
            _mux_silence(file, heard, seconds)
    return out.getvalue()


def _mux_silence(file: Any, stream: Any, seconds: int) -> None:
    samples = stream.codec_context.frame_size or 960
    for start in range(0, seconds * SOUND_RATE, samples):
        frame = av.AudioFrame(stream.codec_context.format.name, "mono", samples)
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def turned(film: bytes, degrees: int) -> bytes:
    """Return a film that is to be shown turned, as telephones write it."""
    out = io.BytesIO()
    with av.open(io.BytesIO(film)) as source, av.open(out, "w", format="mp4") as file:
        track = file.add_stream_from_template(source.streams.video[0])
        track.set_display_rotation(degrees)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = track
                file.mux(packet)
    return out.getvalue()
