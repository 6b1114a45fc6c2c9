"""Made-up folders in the published layout of every corpus: right names, nothing inside the media files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, product
from pathlib import Path

import pandas as pd

from emoviz.corpora import avec2019_ces, emodb, emotiontts, ferplus


@dataclass(frozen=True)
class Layout:
    """How one corpus lies on disk.

    Attributes:
        places: folders or files under the data folder where it may lie.
        recordings: how many the made-up copy has.
        write: puts a complete copy there; media files get the given endings in turn.
        part: a file of it, without ending, whose loss must be noticed, and what the error
            says of it; None where the corpus's own test file has this case.
        odd: a file with an emotion code that the corpus does not have, and how the error calls it;
            None where file names carry no emotion.
    """

    places: tuple[str, ...]
    recordings: int
    write: Callable[[Path, Sequence[str]], None]
    part: tuple[str, str] | None = None
    odd: tuple[str, str] | None = None


def touch(folder: Path, stems: Iterable[str], endings: Sequence[str]) -> None:
    """Empty files, the endings in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, ending in zip(stems, cycle(endings), strict=False):
        (folder / f"{stem}{ending}").touch()


def write_emodb(folder: Path, endings: Sequence[str]) -> None:
    for speaker, (_, count) in emodb.SPEAKERS.items():
        stems = product([speaker], emodb.SENTENCES, "WLEAFTN", "ab")
        touch(folder / "wav", islice(("".join(stem) for stem in stems), count), endings)


def write_emovo(folder: Path, endings: Sequence[str]) -> None:
    emotions = "dis gio neu pau rab sor tri".split()
    sentences = "b1 b2 b3 d1 d2 l1 l2 l3 l4 n1 n2 n3 n4 n5".split()
    for actor in ("f1", "f2", "f3", "m1", "m2", "m3"):
        touch(folder / actor, [f"{e}-{actor}-{s}" for e, s in product(emotions, sentences)], endings)


def write_urdu(folder: Path, endings: Sequence[str]) -> None:
    for place in ("Angry", "Happy", "Neutral", "Sad"):
        letter = place[0]
        touch(folder / place, (f"SM1_F{n}_{letter}0{n}" for n in range(1, 51)), endings)
        touch(folder / place, (f"SF2_F{n}_{letter}0{n + 50}" for n in range(1, 51)), endings)


def write_ravdess(folder: Path, endings: Sequence[str]) -> None:
    for actor in range(1, 25):
        takes = [
            f"03-01-{emotion:02d}-{intensity}-{statement}-{repetition}-{actor:02d}"
            for emotion, intensity, statement, repetition in product(
                range(1, 9), ("01", "02"), ("01", "02"), ("01", "02")
            )
            if (emotion, intensity) != (1, "02")
        ]
        touch(folder / f"Actor_{actor:02d}", takes, endings)


def write_nemo(folder: Path, endings: Sequence[str]) -> None:
    rows = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for speaker, gender in (("EB0", "female"), ("KS0", "male")):
        for emotion in ("anger", "fear", "happiness", "neutral", "sadness", "surprised"):
            rows.append(f"{speaker}_{emotion}_1.wav\t{emotion}\tRacja, „dobrze”.\tracja\t{speaker}\t{gender}\t27")
    touch(folder / "samples", (Path(row.split("\t")[0]).stem for row in rows[1:]), endings)
    (folder / "data.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def write_emotiontts(folder: Path, endings: Sequence[str]) -> None:
    for part, speakers in emotiontts.SPEAKERS.items():
        for speaker in speakers:
            stems = [f"{speaker}{100 * block + number:05d}" for block in range(4) for number in range(1, 6)]
            touch(folder / part / speaker / "wav", stems, endings)
            touch(folder / part / speaker / "script", stems, [".txt"])
            (folder / part / speaker / "script" / f"{stems[0]}.txt").write_text("\ufeff안녕하세요.\n", "utf-8")


def write_crema_d(folder: Path, endings: Sequence[str]) -> None:
    touch(folder, [f"1001_DFA_{code}_XX" for code in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")], [".flv", ".mp4"])
    touch(folder, [f"1002_IEO_{code}_HI" for code in ("ANG", "SAD")], endings)


def write_ferplus(path: Path, endings: Sequence[str]) -> None:
    splits = [split for split, count in ferplus.PICTURES.items() for _ in range(count)]
    table = pd.DataFrame({"file": [f"fer{n:07d}.png" for n in range(len(splits))], "split": splits, "image": b"jpeg"})
    for vote in ferplus.VOTES:
        table[vote] = 0
    table["happiness"] = 7
    table["unknown"] = 3
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path)


def write_avec2019_ces(folder: Path, endings: Sequence[str]) -> None:
    for place, frames in (("labels_devel", 3), ("baseline_predictions/predictions_svr", 5)):
        (folder / place).mkdir(parents=True)
        for recording in avec2019_ces.RECORDINGS:
            rows = [f"'{recording}';{t / 10:.6f};{t / 100:.6f};-0.100000;0.000000" for t in range(frames)]
            text = "\n".join(["name;timestamp;arousal;valence;liking", *rows]) + "\n"
            (folder / place / f"{recording}.csv").write_text(text, "utf-8")


LAYOUTS = {
    "avec2019_ces": Layout(("avec2019_ces",), 28, write_avec2019_ces, ("labels_devel/Devel_HU_03", "Devel_HU_03.csv")),
    "crema-d": Layout(("clips/crema-d", "CREMA-D"), 8, write_crema_d, odd=("1003_DFA_JOY_XX.flv", "'JOY'")),
    "emodb": Layout(
        ("speech/emodb", "emodb"),
        535,
        write_emodb,
        ("wav/03a01Wa", "speaker 03 has 48 of 49 recordings"),
        ("wav/03a01Xa.wav", "'X'"),
    ),
    "emotiontts": Layout(
        ("speech/emotiontts", "emotiontts"),
        300,
        write_emotiontts,
        ("plain-to-emotional/ema/wav/ema00101", "plain-to-emotional/ema/wav/ema00101"),
        ("plain-to-emotional/ema/wav/ema00401.wav", "401"),
    ),
    "emovo": Layout(
        ("speech/emovo", "emovo"),
        588,
        write_emovo,
        ("m2/rab-m2-b3", "actor m2 has 97 of 98 recordings"),
        ("m2/ann-m2-b3.wav", "'ann'"),
    ),
    "ferplus": Layout(("faces/ferplus.parquet", "ferplus.parquet"), 35710, write_ferplus),
    "nemo": Layout(("speech/nemo", "nemo"), 12, write_nemo, ("samples/KS0_fear_1", "samples/KS0_fear_1")),
    "ravdess": Layout(
        ("speech/ravdess", "ravdess"),
        1440,
        write_ravdess,
        ("Actor_07/03-01-05-02-01-01-07", "actor 07 has 59 of 60 recordings"),
        ("Actor_07/03-01-09-02-01-01-07.wav", "'09'"),
    ),
    "urdu": Layout(
        ("speech/urdu", "urdu"),
        400,
        write_urdu,
        ("Sad/SF2_F7_S057", "folder Sad has 99 of 100 recordings"),
        ("Sad/SM3_F1_J01.wav", "'J'"),
    ),
}
