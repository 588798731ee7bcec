"""Reads films and recordings from outside, and writes them anew without what readers do not see.

Of a file only one film track and one sound track stay, copied into a container of our own: no
place, device, comment, subtitle, cover or other data, nor anything hidden behind them. What it is,
its content says, not its name. Needs the package ``av`` (PyAV, with FFmpeg's libraries), which the
extra ``media`` installs and which is imported only here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .model import limits
from .model.errors import InvalidInput

_QUICKTIME = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""Types of the first box of an MP4 or QuickTime file (ISO/IEC 14496-12 §4.2)."""

_MUXERS = {"mp4": "mp4", "webm": "webm", "mp3": "mp3", "ogg": "ogg", "m4a": "ipod"}

_OPTIONS = {"mp4": {"movflags": "+faststart"}, "ipod": {"movflags": "+faststart"},
            "mp3": {"id3v2_version": "0"}}  # fmt: skip
"""The beginning of a film says where its parts are, so that it plays while it is loaded."""

_FILMS = {"h264": ("mp4", ("aac", "mp3")), "vp8": ("webm", ("opus", "vorbis")),
          "vp9": ("webm", ("opus", "vorbis"))}  # fmt: skip
"""Codecs of films that every browser plays: the ending of the file, and the codecs of its sound."""

_SOUNDS = {"mp3": "mp3", "aac": "m4a", "opus": "ogg", "vorbis": "ogg"}
"""Codecs of recordings, and the ending of the file."""

_NAMES = {"hevc": "HEVC (H.265)", "av1": "AV1"}
_OTHERS = "Save it as MP4 (H.264 with AAC), WebM, MP3, M4A or Ogg."
_IPHONE = "On an iPhone, choose Settings, Camera, Formats, Most Compatible, or save it as MP4."

_PACKETS = 2_000_000
"""Maximum number of packets of a file: each takes time, however small it is."""

_FRAMES = 300
"""Maximum number of frames that are decoded to find a poster."""

_decoder_lock = threading.Lock()


class Film(NamedTuple):
    """A film or recording without metadata."""

    data: bytes
    ending: str  #: of its file: ``mp4``, ``webm``; of a recording ``mp3``, ``m4a``, ``ogg``
    width: int  #: pixels as it is shown; 0 for a recording
    height: int
    seconds: int
    poster: bytes  #: a frame as JPEG; empty for a recording


def demuxer(data: bytes) -> str:
    """Return the name of FFmpeg's reader for a film or recording; empty for any other file."""
    if data[4:8] in _QUICKTIME:
        return "mov"
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if data[:4] == b"OggS":
        return "ogg"
    # The synchronisation of MPEG audio, layer III (ISO/IEC 11172-3 §2.4.1.3).
    is_mp3 = len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2
    return "mp3" if is_mp3 or data[:3] == b"ID3" else ""


def is_available() -> bool:
    """Whether films and recordings can be kept: the package ``av`` is installed."""
    return importlib.util.find_spec("av") is not None


def clean(data: bytes, name: str) -> Film:
    """Return a film or recording from outside, checked and without metadata.

    Raises :class:`InvalidInput` if it is damaged, too large or too long, if not every browser plays
    it, or if the package ``av`` is missing.
    """
    if len(data) > limits.FILM_BYTES:
        raise _invalid(
            f"{name} has {len(data):,} bytes; the limit is {limits.FILM_BYTES:,}.",
            "Make it shorter or smaller.",
        )
    with _decoder_lock, tempfile.TemporaryDirectory() as folder:
        with _open(data, name) as source:
            video, sound = _streams(source)
            ending = _ending(video, sound, name)
            declared = float(source.duration or 0) / 1_000_000
            _check_length(declared, name)
            target = Path(folder) / f"film.{ending}"
            seconds = _copy(source, [stream for stream in (video, sound) if stream], target, name)
        if not seconds:
            raise _damaged(name, "it holds nothing")
        if seconds * 1.05 + 2 < declared:
            raise _damaged(name, f"it breaks off after {seconds:.0f} of {declared:.0f} seconds")
        written = target.read_bytes()
    if not video:
        return Film(written, ending, 0, 0, max(1, round(seconds)), b"")
    width, height, shown = poster(written, name, seconds)
    return Film(written, ending, width, height, max(1, round(seconds)), shown)


@contextlib.contextmanager
def _open(data: bytes, name: str) -> Iterator[Any]:
    """Open a film or recording.

    Raises :class:`InvalidInput` for anything that fails while it is open.
    """
    try:
        import av
    except ImportError:
        raise _invalid(
            f"{name} is a film or recording, for which liveblog needs PyAV.",
            "Install it: pip install 'liveblog[media]'. Or put the file on another site, and link "
            "to it.",
            about="no_films",
        ) from None
    try:
        # The reader is named, so that none is tried that opens other files (playlists).
        with av.open(io.BytesIO(data), format=demuxer(data)) as source:
            yield source
    except InvalidInput:
        raise
    except Exception as error:  # decoders raise whatever a damaged file makes them raise
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _damaged(name, why.rstrip(".").lower()) from None


def _damaged(name: str, why: str) -> InvalidInput:
    return _invalid(f"{name} is damaged: {why}.", "Save it again, or record it anew.")


def _streams(source: Any) -> tuple[Any, Any]:
    """Return the film track of a file that is no cover, and its sound track; None where it lacks.

    Where there are several, it is the first.
    """
    video = [
        stream for stream in source.streams.video if "ATTACHED_PIC" not in _disposition(stream)
    ]
    return next(iter(video), None), next(iter(source.streams.audio), None)


def _disposition(stream: Any) -> str:
    return str(stream.disposition).upper()


def _ending(video: Any, sound: Any, name: str) -> str:
    """Return the ending of the file that the tracks fit into.

    Raises :class:`InvalidInput` if there is none that every browser plays.
    """
    heard = sound.codec_context.name.removesuffix("float") if sound else ""
    heard = "opus" if heard == "libopus" else heard
    if not video:
        if heard not in _SOUNDS:
            raise _not_played(name, heard)
        return _SOUNDS[heard]
    seen = video.codec_context.name.removeprefix("lib").partition("-")[0]
    width, height = video.codec_context.width, video.codec_context.height
    if max(width, height) > limits.FILM_SIDE:
        raise _invalid(
            f"{name} is {width:,} × {height:,} pixels; the limit is {limits.FILM_SIDE:,}.",
            "Make it smaller.",
        )
    ending, sounds = _FILMS.get(seen, ("", ()))
    if not ending or not width or not height:
        raise _not_played(name, seen)
    if heard and heard not in sounds:
        raise _not_played(name, heard)
    return ending


def _not_played(name: str, codec: str) -> InvalidInput:
    if not codec:
        return _damaged(name, "it holds neither a film nor sound")
    known = _NAMES.get(codec, codec.upper())
    what = f"in the format {known}, which not every browser plays"
    return _invalid(
        f"{name} is a film or recording {what}.", _IPHONE if codec == "hevc" else _OTHERS
    )


def _check_length(seconds: float, name: str) -> None:
    if seconds > limits.FILM_SECONDS:
        raise _invalid(
            f"{name} lasts {seconds / 3600:.1f} hours; the limit is {limits.FILM_SECONDS // 3600}.",
            "Make it shorter.",
        )


def _copy(source: Any, streams: Sequence[Any], target: Path, name: str) -> float:
    """Copy tracks into a new file; return how many seconds they last."""
    import av

    muxer = _MUXERS[target.suffix[1:]]
    options = _OPTIONS.get(muxer, {})
    start, end, packets = float("inf"), 0.0, 0
    with av.open(str(target), "w", format=muxer, options=options) as out:
        bitexact: Any = av.container.Flags.bitexact.value  # an int, which its types do not say
        out.flags |= bitexact  # neither the program's name nor random numbers in it
        tracks = {stream.index: out.add_stream_from_template(stream) for stream in streams}
        for stream in tracks.values():
            stream.metadata.clear()
        for packet in source.demux(streams):
            if packet.dts is None:
                continue
            packets += 1
            if packets > _PACKETS:
                raise _invalid(f"{name} has more than {_PACKETS:,} parts.", "Make it shorter.")
            at = float((packet.pts if packet.pts is not None else packet.dts) * packet.time_base)
            start = min(start, at)
            end = max(end, at + float((packet.duration or 0) * packet.time_base))
            _check_length(end - start, name)
            track = tracks[packet.stream.index]
            kept = _without_notes(packet) if packet.stream.codec_context.name == "h264" else packet
            if kept is not None:
                kept.stream = track
                out.mux(kept)
    return max(0.0, end - start) if packets else 0.0


def _without_notes(packet: Any) -> Any:
    """Return a packet of H.264 without supplemental information; None if nothing else is in it.

    There (NAL unit type 6, ITU-T H.264 §7.4.1) an encoder or camera writes what it likes.
    """
    import av

    setup = packet.stream.codec_context.extradata or b""
    if setup[:1] != b"\1":
        return packet  # not in units with a length each (ISO/IEC 14496-15 §5.3.3)
    size = (setup[4] & 3) + 1
    data, at, kept = bytes(packet), 0, bytearray()
    while at + size < len(data):
        end = at + size + int.from_bytes(data[at : at + size], "big")
        if data[at + size] & 31 != 6:
            kept += data[at:end]
        at = end
    if len(kept) == len(data):
        return packet
    if not kept:
        return None
    found = av.Packet(bytes(kept))
    found.pts, found.dts, found.time_base = packet.pts, packet.dts, packet.time_base
    found.duration, found.is_keyframe = packet.duration, packet.is_keyframe
    return found


def poster(data: bytes, name: str, seconds: float) -> tuple[int, int, bytes]:
    """Return width and height of a film as it is shown, and a frame of its beginning as JPEG.

    *seconds* is its length. Raises :class:`InvalidInput` if nothing can be shown.
    """
    with _decoder_lock, _open(data, name) as source:
        stream = source.streams.video[0]
        wanted = min(1.0, seconds / 2)
        shown: Any = None
        for count, frame in enumerate(source.decode(stream)):
            shown = frame
            if count >= _FRAMES or frame.time is None or frame.time >= wanted:
                break
        if shown is None:
            raise _damaged(name, "it shows nothing")
        if max(shown.width, shown.height) > limits.FILM_SIDE:
            raise _damaged(name, "its size changes")
        image = shown.to_image()
        ratio = stream.sample_aspect_ratio or 1
        if ratio != 1:
            image = image.resize((max(1, round(image.width * float(ratio))), image.height))
        if shown.rotation:
            image = image.rotate(shown.rotation, expand=True)
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=95)
        return image.width, image.height, out.getvalue()


def _invalid(problem: str, hint: str, about: str = "film") -> InvalidInput:
    return InvalidInput(problem, hint, about)
