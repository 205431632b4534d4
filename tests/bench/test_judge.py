"""How many stored measurements are judged in a second, and in how much memory: 10,000 lines of OONI's form."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.results.ooni_build import PAGE
from tests.results.ooni_cases import CASES

pytestmark = [pytest.mark.bench]

LINES = 10_000
MEMORY_MAX_MB = 300
HUGE_PAGE = json.dumps(
    {
        "test_keys": {"requests": [{"request": {"url": "http://a/"}, "response": {"code": 200, "body": "PAGE"}}]},
        "input": "http://a/",
    }
)
PROGRAM = """
import json, re, sys, time
from results import judging
from results.formats.jsonl import written

began = time.process_time()
count = size = 0
for one in judging.judged([sys.argv[1]]):
    count, size = count + 1, size + len(written(judging.record(one)))
figures = {"count": count, "cpu_s": time.process_time() - began, "size": size}
status = open("/proc/self/status").read()  # getrusage counts what the parent took as well
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1])
print(json.dumps({**figures, "peak_mb": peak_kb / 1024}))
"""


def judge(file: Path) -> dict[str, float]:
    program = [sys.executable, "-c", PROGRAM, str(file)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=600)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def test_ten_thousand_measurements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [json.dumps(case.seen).replace(PAGE, PAGE * 10) for case in CASES if "largeFile" not in case.name]
    file = tmp_path / "measurements.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"{texts[number % len(texts)]}\n" for number in range(LINES))
    megabytes = file.stat().st_size / 1e6
    figures = judge(file)
    with capsys.disabled():
        print(f"\n{LINES} measurements, {megabytes:.0f} MB: {LINES / figures['cpu_s']:.0f} a second of CPU, ", end="")
        print(f"{megabytes / figures['cpu_s']:.0f} MB/s, peak {figures['peak_mb']:.0f} MB")
    assert figures["count"] == LINES
    assert figures["peak_mb"] < MEMORY_MAX_MB


@pytest.mark.parametrize(
    "hostile",
    [
        '{"test_keys": [' + "[]," * 900_000 + "[]]}",
        '{"test_keys": {"a": "' + "\N{GRINNING FACE}" + "x" * (15 << 20) + '"}, "input": "http://a/"}',
        HUGE_PAGE.replace("PAGE", "\N{GRINNING FACE}" + "x" * (15 << 20)),
        HUGE_PAGE.replace("PAGE", "\\ud83d\N{GRINNING FACE}" + "x" * (15 << 20)),
        "x" * (60 << 20),
    ],
    ids=["many pieces", "long text", "long page", "long page slowly read", "long line"],
)
def test_no_line_takes_much_memory(tmp_path: Path, hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hostile.jsonl"
    file.write_text(f"{hostile}\n" * 3, encoding="utf-8")
    figures = judge(file)
    with capsys.disabled():
        print(f"\npeak {figures['peak_mb']:.0f} MB")
    assert figures["count"] == 3
    assert figures["peak_mb"] < MEMORY_MAX_MB
