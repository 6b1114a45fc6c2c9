"""Groups of channels: every named channel of the bundled extractors is in the group that its source says."""

import pytest

from emoviz.core.channel_groups import group_of


@pytest.mark.parametrize(
    ("channel", "group"),
    [
        ("egemaps.Loudness_sma3", "loudness"),
        ("egemaps.loudnessPeaksPerSec", "timing"),
        ("egemaps.VoicedSegmentsPerSec", "timing"),
        ("egemaps.MeanUnvoicedSegmentLength", "timing"),
        ("egemaps.F0semitoneFrom27.5Hz_sma3nz", "pitch"),
        ("egemaps.logRelF0-H1-A3_sma3nz", "voice quality"),
        ("egemaps.HNRdBACF_sma3nz", "voice quality"),
        ("egemaps.slope0-500_sma3", "spectrum"),
        ("egemaps.mfcc4_sma3", "spectrum"),
        ("egemaps.spectralFlux_sma3", "spectral change"),
        ("egemaps.F3amplitudeLogRelF0_sma3nz", "formants"),
        ("whisper.pc017", "speech representation"),
        ("blendshapes.browInnerUp", "brows"),
        ("action_units.AU04-brow-lowerer", "brows"),
        ("openface.AU45_r", "eyes"),
        ("openface.AU06_r", "nose and cheeks"),
        ("blendshapes.jawOpen", "mouth and jaw"),
        ("openface.AU12_r", "mouth and jaw"),
        ("unknown.x", None),
    ],
)
def test_a_channel_is_in_the_group_of_what_it_tells(channel, group):
    assert group_of(channel) == group
