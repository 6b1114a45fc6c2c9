"""The words of a recording on a page: what is said, when, in which language, and in English."""

from functools import partial

import streamlit as st

from .. import plots
from ..core.progress import Progress
from ..features.transcripts import RECOGNISER, Transcript, recogniser, transcribe
from ..media import ClipMedia
from ..prediction.transcript import ANNOTATIONS, annotated, caption_table, said, word_table
from . import asked_work, figures, linked

KIND = "transcript"
ABOUT = """
Each word where it is said, as Whisper (Radford and others 2022) recognises it; its bar lasts as long as the word. Where
the words of a long recording stand too close to be written, hover tells them, and the captions beneath have them all.
Times are good to about a tenth of a second; those of a **translation** are where the network looks in the sound when it
writes an English word, and rougher. Nobody has read what it writes: noise, accents and rare languages bring errors.
Click to move the clip there.
"""
ABOUT_CAPTIONS = """
The words in captions of at most two lines and seven seconds, as .srt and .vtt have them. The figure's downloads have a
row for each word. Either file gives the emotions at each, under **A row for each segment** or `predict --segments`.
"""


def show(media: ClipMedia, name: str) -> None:
    """Let people ask for the words of a recording, and draw them on its time.

    Args:
        media: recording that is analysed to its end; nothing is offered of one without sound.
        name: name of downloaded files, without suffix.
    """
    if media.info.audio is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not linked.toggle("Words", "transcript"):
            return
        translate = linked.toggle("Translate to English", "translate")
    found = asked_work.result(
        KIND,
        (media.key, translate),
        partial(_recognise, media, translate),
        stopped="The recognition of words was stopped.",
        again="Listen again",
    )
    if found is not None:
        _show_words(found, media, name)


def _recognise(media: ClipMedia, translate: bool, progress: Progress) -> Transcript:
    return transcribe(media, recogniser(RECOGNISER), translate=translate, feature="words", progress=progress)


def _show_words(transcript: Transcript, media: ClipMedia, name: str) -> None:
    """Draw the words, their captions and their files."""
    st.caption(said(transcript, media.path.name))
    if not transcript.words:
        return
    table, name = word_table(transcript), f"{name}-words{'-english' if transcript.translated else ''}"
    end = float(media.info.duration)
    figures.show(plots.words(table, end), table, key="words", name=name, about=ABOUT)
    offers = {ending: partial(annotated, transcript, ending) for ending in ANNOTATIONS}
    asked_work.offer_annotations(offers, media.path.stem, name)
    captions = caption_table(transcript)
    shown = captions.round(2).rename(columns={"start": "from", "end": "to", "label": "caption"})
    figures.show_table(shown, captions, key="captions", name=f"{name}-captions", about=ABOUT_CAPTIONS)
