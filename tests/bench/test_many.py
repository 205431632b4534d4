"""How long a round takes in which nothing can be reached: 200 hosts, fifty at once. Promised are 30 s."""

import pytest

from tests.whole.test_many import HOSTS, KINDS, ListFile, MakeLab, measured

pytestmark = [pytest.mark.bench, pytest.mark.lab]

WORST_S = 25.0  # a check of one host at most: what 200 of them, one after another, are held against


@pytest.mark.parametrize("controlled", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_unreachable_hosts(
    make_lab: MakeLab, list_file: ListFile, capsys: pytest.CaptureFixture[str], kind: str, *, controlled: bool
) -> None:
    figures = measured(make_lab, list_file, kind, controlled=controlled)
    with capsys.disabled():
        print(
            f"\n{HOSTS} {kind} hosts, {'with' if controlled else 'without'} a control: {figures['seconds']:.1f} s "
            f"(promised: 30 s), {figures['cpu_s'] * 1000 / HOSTS:.1f} ms CPU a host, {figures['peak_mb']:.0f} MB"
        )
    assert figures["seconds"] < HOSTS * WORST_S / 50
