"""Snapshots in a temporary file: the same bits, less memory, and nothing that stays behind."""

import gc
import math
import tempfile

import numpy as np
import pytest

from adjoint import Recursive, Revolve, explain, grad
from adjoint.cli import main
from adjoint.runtime.snapshots import SnapshotsOnDisk, revolve, thin
from adjoint.schedule.revolve import extra_steps
from tests.benchmarks.timing import peak_memory


def simulate(u, n):
    for _ in range(n):
        u = u + 0.1 * np.sin(u) * u
    return np.sum(u * u)


def in_place(u, n):
    for _ in range(n):
        u[1:-1] = u[1:-1] - 0.1 * u[1:-1] * (u[2:] - u[:-2])
    return np.sum(u * u)


def until(u, n):
    v = u[::2]
    while n > 0:
        u, v = u + 0.1 * np.sin(u) * np.sum(v), 0.1 * v * np.cos(u[::2])
        n = n - 1
    return np.sum(u * u)


def matrix_and_number(u, n):
    a, x, k = np.outer(u, u).T, 1.0, 0
    while k < n:
        a, x, k = np.tanh(a + x).T, x * 0.9 + a[0, 0], k + 1
    return np.sum(a) * x


def nested(u, n):
    for _ in range(n):
        for _ in range(5):
            u = np.tanh(u) * 1.1
    return np.sum(u)


PROGRAMS = (simulate, in_place, until, matrix_and_number, nested)


@pytest.mark.parametrize("schedule", [Revolve(1, disk=1), Revolve(2, disk=3), Revolve(3, disk=50)], ids=str)
@pytest.mark.parametrize("fun", PROGRAMS, ids=lambda fun: fun.__name__)
def test_the_same_bits(fun, schedule):
    u = np.linspace(0.1, 0.9, 14)
    gradient, store = grad(fun, schedule=schedule), grad(fun, schedule="store")
    for n in (0, 1, 2, 3, 8, 21):
        assert np.array_equal(gradient(u, n), store(u, n))
    assert "SnapshotsOnDisk(" in gradient.source


@pytest.mark.parametrize("fun", [simulate, in_place, until])
def test_memory_of_the_snapshots_in_memory_and_steps_of_all(fun):
    u, n = np.linspace(0.1, 0.9, 40_000), 60
    few, more, disk = (grad(fun, schedule=s) for s in (Revolve(3), Revolve(20), Revolve(3, disk=17)))
    for gradient in (few, more, disk):
        gradient(u, n)
    peaks = [peak_memory(lambda gradient=gradient: gradient(u, n)) for gradient in (few, more, disk)]
    assert peaks[2] < peaks[0] + 2 * u.nbytes < peaks[1]


def test_what_is_told_of_it():
    found = explain(simulate, np.ones(1000), 60, schedule=Revolve(3, disk=17), measure=True)
    assert found.measured_extra_steps == found.extra_steps == extra_steps(60, 20)
    assert found.predicted_peak < explain(simulate, np.ones(1000), 60, schedule=Revolve(4)).predicted_peak
    assert str(Revolve(3, disk=17)) == "Revolve(snapshots=3, disk=17)"


def test_the_values_of_the_option():
    assert Revolve(3, disk=0) == Revolve(3) != Revolve(3, disk=1)
    assert Revolve(3, disk=np.int64(4)).slots == 7
    with pytest.raises(TypeError, match="disk="):
        Revolve(3, disk="4")
    with pytest.raises(ValueError, match="disk="):
        Revolve(3, disk=-1)


class File:
    """Opens temporary files in a folder of its own, and remembers them."""

    def __init__(self, folder):
        self.folder, self.open = folder, []

    def __call__(self, **options):
        options.pop("dir", None)
        self.open.append(tempfile._TemporaryFile(dir=self.folder, **options))
        return self.open[-1]


@pytest.fixture
def files(tmp_path, monkeypatch):
    made = File(tmp_path)
    monkeypatch.setattr(tempfile, "_TemporaryFile", tempfile.TemporaryFile, raising=False)
    monkeypatch.setattr(tempfile, "TemporaryFile", made)
    return made


def test_no_file_is_left(files, tmp_path):
    grad(simulate, schedule=Revolve(1, disk=3))(np.ones(100), 20)
    gc.collect()
    assert len(files.open) == 1
    assert files.open[0].closed
    assert not list(tmp_path.iterdir())


def test_no_file_is_left_by_an_exception(files, tmp_path):
    def failing(u, n):
        for k in range(n):
            u = u + 0.1 * np.sin(u) * math.log(10 - k)
        return np.sum(u)

    with pytest.raises(ValueError, match=r"math domain|expected a positive"):
        grad(failing, schedule=Revolve(1, disk=3))(np.ones(100), 20)
    assert not list(tmp_path.iterdir())  # it never had a name
    gc.collect()
    assert [file.closed for file in files.open] == [True]


def test_a_module_of_its_own_carries_what_it_needs(tmp_path):
    path, target = tmp_path / "model.py", tmp_path / "model_grad.py"
    body = "    for _ in range(n):\n        u = u + np.sin(u)\n    return np.sum(u)\n"
    path.write_text(f"import numpy as np\n\n\ndef model(u, n):\n{body}")
    command = ["dump", f"{path}:model", "--types", "f8[n], int", "--schedule", "Revolve(2, disk=4)", "-o", str(target)]
    assert main(command) == 0
    assert "import adjoint" not in target.read_text()
    namespace = {}
    exec(target.read_text(), namespace)  # our own text

    def model(u, n):
        for _ in range(n):
            u = u + np.sin(u)
        return np.sum(u)

    u = np.linspace(0.1, 0.9, 5)
    assert np.array_equal(namespace["model_grad"](u, 9), grad(model)(u, 9))


# ---- the list itself


def test_arrays_of_every_kind_come_back_as_they_were():
    snapshots = SnapshotsOnDisk(10)
    values = [
        np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(1.5), np.zeros((0, 3)),
        np.arange(4) > 1, np.arange(3) * 1j, np.arange(12.0)[::2], np.arange(3, dtype="f4"), 2.5, None, np.float32(1.0),
    ]  # fmt: skip
    for step, value in enumerate(values):
        snapshots.append((step, value))
    for step in range(len(values) - 1, -1, -1):
        at, value = snapshots.pop()
        assert at == step
        assert type(value) is type(values[step])
        assert np.array_equal(value, values[step])
        if isinstance(value, np.ndarray):
            assert (value.dtype, value.shape, value.strides) == (
                values[step].dtype, values[step].shape, values[step].strides,
            )  # fmt: skip
            assert value.flags.writeable
    assert len(snapshots) == 0


def test_at_most_so_many_lie_in_the_file():
    snapshots = SnapshotsOnDisk(3)
    for step in range(5):
        snapshots.append((step, np.full(100, float(step))))
        assert sum(map(snapshots.is_written, snapshots)) == min(step + 1, 3)
    assert snapshots.end == 2400
    for _ in range(20):  # places are used again
        assert snapshots.pop()[1][0] == 4.0
        snapshots.append((4, np.full(100, 4.0)))
        del snapshots[1::2]
        for step in (2, 3, 4)[: 5 - len(snapshots)]:
            snapshots.append((step, np.full(100, 4.0)))
    assert snapshots.end <= 2400


@pytest.mark.parametrize(("slots", "disk"), [(1, 2), (2, 3), (3, 20)])
def test_like_a_list(slots, disk):
    for steps in (1, 2, 7, 40):
        lists = [], SnapshotsOnDisk(disk)
        for snapshots in lists:
            due = 0
            for step in range(steps):
                if step == due:
                    snapshots.append((step, np.full(3, float(step))))
                    due = thin(snapshots, slots + disk)
        for t in range(steps - 1, -1, -1):
            taken = [snapshots.pop() for snapshots in lists]
            assert taken[0][0] == taken[1][0] == taken[1][1][0]
            for snapshots in lists:
                kept = revolve(taken[0][0], t + 1, slots + disk - len(snapshots))
                for step in sorted(kept):
                    snapshots.append((step, np.full(3, float(step))))
            assert [s for s, _ in lists[0]] == [s for s, _ in lists[1]]
            assert sum(not lists[1].is_written(snapshot) for snapshot in lists[1]) <= slots


def test_recursive_stays_in_memory():
    gradient = grad(simulate, schedule=Recursive())
    gradient(np.ones(3), 4)
    assert "SnapshotsOnDisk" not in gradient.source
