"""Made-up folders in the published layout of every corpus: right names, nothing inside the media files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import pandas as pd

from emoviz.corpora import avec2019_ces, emodb, emotiontts, ferplus


@dataclass(frozen=True)
class Layout:
    """How one corpus lies on disk.

    Attributes:
        places: folders or files under the data folder where it may lie.
        write: puts a complete copy there; the second argument is the ending of media files.
        part: a file of it (.wav where it has no ending) whose loss must be noticed, and what the error
            says of it; None where the corpus's own test file has this case.
        odd: a file with an emotion code that the corpus does not have, and how the error calls it;
            None where file names carry no emotion.
    """

    places: tuple[str, ...]
    write: Callable[[Path, str], None]
    part: tuple[str, str] | None = None
    odd: tuple[str, str] | None = None


def touch(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write_emodb(folder: Path, ending: str) -> None:
    for speaker, (_, count) in emodb.SPEAKERS.items():
        stems = (f"{s}{t}{e}{v}" for s, t, e, v in product([speaker], emodb.SENTENCES, "WLEAFTN", "ab"))
        touch(folder / "wav", (f"{stem}{ending}" for stem in islice(stems, count)))


def write_emovo(folder: Path, ending: str) -> None:
    sentences = "b1 b2 b3 d1 d2 l1 l2 l3 l4 n1 n2 n3 n4 n5".split()
    for actor, emotion, text in product(("f1", "f2", "f3", "m1", "m2", "m3"), emovo_codes(), sentences):
        touch(folder / actor, [f"{emotion}-{actor}-{text}{ending}"])


def emovo_codes() -> list[str]:
    return "dis gio neu pau rab sor tri".split()


def write_urdu(folder: Path, ending: str) -> None:
    for place in ("Angry", "Happy", "Neutral", "Sad"):
        letter = place[0]
        touch(folder / place, (f"SM1_F{n}_{letter}0{n}{ending}" for n in range(1, 51)))
        touch(folder / place, (f"SF2_F{n}_{letter}0{n + 50}{ending}" for n in range(1, 51)))


def write_ravdess(folder: Path, ending: str) -> None:
    for actor in range(1, 25):
        takes = [
            f"03-01-{emotion:02d}-{intensity}-{statement}-{repetition}-{actor:02d}{ending}"
            for emotion, intensity, statement, repetition in product(
                range(1, 9), ("01", "02"), ("01", "02"), ("01", "02")
            )
            if (emotion, intensity) != (1, "02")
        ]
        touch(folder / f"Actor_{actor:02d}", takes)


def write_nemo(folder: Path, ending: str) -> None:
    rows = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for speaker, gender in (("EB0", "female"), ("KS0", "male")):
        for emotion in ("anger", "fear", "happiness", "neutral", "sadness", "surprised"):
            rows.append(f"{speaker}_{emotion}_1.wav\t{emotion}\tRacja, „dobrze”.\tracja\t{speaker}\t{gender}\t27")
            touch(folder / "samples", [f"{speaker}_{emotion}_1{ending}"])
    (folder / "data.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def write_emotiontts(folder: Path, ending: str) -> None:
    for part, speakers in emotiontts.SPEAKERS.items():
        for speaker, block, number in product(speakers, range(4), range(1, 6)):
            stem = f"{speaker}{100 * block + number:05d}"
            touch(folder / part / speaker, [f"wav/{stem}{ending}", f"script/{stem}.txt"])
            (folder / part / speaker / "script" / f"{stem}.txt").write_text("\ufeff안녕하세요.\n", "utf-8")


def write_crema_d(folder: Path, ending: str) -> None:
    touch(folder, [f"1001_DFA_{code}_XX.flv" for code in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")])
    touch(folder, [f"1002_IEO_{code}_HI{ending}" for code in ("ANG", "SAD")])


def write_ferplus(path: Path, ending: str) -> None:
    splits = [split for split, count in ferplus.PICTURES.items() for _ in range(count)]
    table = pd.DataFrame({"file": [f"fer{n:07d}.png" for n in range(len(splits))], "split": splits, "image": b"jpeg"})
    for vote in ferplus.VOTES:
        table[vote] = 0
    table["happiness"] = 7
    table["unknown"] = 3
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path)


def write_avec2019_ces(folder: Path, ending: str) -> None:
    for place, frames in (("labels_devel", 3), ("baseline_predictions/predictions_svr", 5)):
        (folder / place).mkdir(parents=True)
        for recording in avec2019_ces.RECORDINGS:
            rows = [f"'{recording}';{t / 10:.6f};{t / 100:.6f};-0.100000;0.000000" for t in range(frames)]
            text = "\n".join(["name;timestamp;arousal;valence;liking", *rows]) + "\n"
            (folder / place / f"{recording}.csv").write_text(text, "utf-8")


LAYOUTS = {
    "avec2019_ces": Layout(("avec2019_ces",), write_avec2019_ces, ("labels_devel/Devel_HU_03.csv", "Devel_HU_03.csv")),
    "crema-d": Layout(("clips/crema-d", "CREMA-D"), write_crema_d, odd=("1003_DFA_JOY_XX.flv", "'JOY'")),
    "emodb": Layout(
        ("speech/emodb", "emodb"),
        write_emodb,
        ("wav/03a01Wa", "speaker 03 has 48 of 49 recordings"),
        ("wav/03a01Xa.wav", "'X'"),
    ),
    "emotiontts": Layout(
        ("speech/emotiontts", "emotiontts"),
        write_emotiontts,
        ("plain-to-emotional/ema/wav/ema00101", "plain-to-emotional/ema/wav/ema00101"),
        ("plain-to-emotional/ema/wav/ema00401.wav", "401"),
    ),
    "emovo": Layout(
        ("speech/emovo", "emovo"),
        write_emovo,
        ("m2/rab-m2-b3", "actor m2 has 97 of 98 recordings"),
        ("m2/ann-m2-b3.wav", "'ann'"),
    ),
    "ferplus": Layout(("faces/ferplus.parquet", "ferplus.parquet"), write_ferplus),
    "nemo": Layout(("speech/nemo", "nemo"), write_nemo, ("samples/KS0_fear_1", "samples/KS0_fear_1")),
    "ravdess": Layout(
        ("speech/ravdess", "ravdess"),
        write_ravdess,
        ("Actor_07/03-01-05-02-01-01-07", "actor 07 has 59 of 60 recordings"),
        ("Actor_07/03-01-09-02-01-01-07.wav", "'09'"),
    ),
    "urdu": Layout(
        ("speech/urdu", "urdu"),
        write_urdu,
        ("Sad/SF2_F7_S057", "folder Sad has 99 of 100 recordings"),
        ("Sad/SM3_F1_J01.wav", "'J'"),
    ),
}
