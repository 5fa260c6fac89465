import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from levit_bench.report.front.label_placement import Label, place

BOUNDS = (0.0, 0.0, 400.0, 300.0)
RADIUS = 4.0
NO_LINES = np.empty((0, 4))


def around(points):
    centres = np.array(points, dtype=float)
    return np.hstack([centres - RADIUS, centres + RADIUS])


def wishes(points, width=60.0):
    return [Label(x, y, width, 10.0) for x, y in points]


def box(label, found):
    return found.x, found.y, found.x + label.width, found.y + label.height


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def crosses(start, end, rectangle):
    steps = np.linspace(0, 1, 400)[:, None]
    line = np.array(start) + steps * (np.array(end) - np.array(start))
    inside = (line > np.array(rectangle[:2]) + 0.5) & (line < np.array(rectangle[2:]) - 0.5)
    return bool(inside.all(axis=1).any())


spots = st.tuples(st.floats(5, 395), st.floats(5, 295))


@settings(max_examples=60)
@given(st.lists(spots, min_size=1, max_size=25))
def test_nothing_ever_overlaps_leaves_the_frame_or_is_crossed_by_a_leader(points):
    labels, markers = wishes(points), around(points)
    found = place(labels, markers, NO_LINES, BOUNDS, radius=RADIUS)
    boxes = {i: box(labels[i], p) for i, p in enumerate(found) if p is not None}
    for i, one in boxes.items():
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[2] <= 400
        assert one[3] <= 300
        assert not any(overlap(one, marker) for marker in markers)
        assert not any(overlap(one, other) for j, other in boxes.items() if j != i)
        leader = found[i].leader
        if leader:
            assert not any(crosses(points[i], leader, other) for j, other in boxes.items() if j != i)


def test_a_lonely_label_stands_right_of_its_point_without_a_leader():
    (found,) = place(wishes([(100, 100)]), around([(100, 100)]), NO_LINES, BOUNDS, radius=RADIUS)
    assert found.x == pytest.approx(106)
    assert found.y == pytest.approx(95)
    assert found.leader is None


def test_at_the_right_edge_the_label_goes_left():
    (found,) = place(wishes([(390, 100)]), around([(390, 100)]), NO_LINES, BOUNDS, radius=RADIUS)
    assert found.x + 60 < 390


def test_a_line_under_the_text_is_avoided_when_there_is_room():
    line = np.array([[100.0, 100.0, 400.0, 100.0]])
    (found,) = place(wishes([(100, 100)]), around([(100, 100)]), line, BOUNDS, radius=RADIUS)
    assert not overlap(box(wishes([(100, 100)])[0], found), (100, 99.9, 400, 100.1))


def test_a_label_without_room_is_left_out_and_the_first_come_first():
    points = [(200, 150)] * 3 + [(201, 151)] * 200
    found = place(wishes(points, width=150), around(points), NO_LINES, (100, 100, 300, 200), radius=RADIUS)
    assert found[0] is not None
    assert any(p is None for p in found)


def test_placing_twice_gives_the_same_places():
    points = [(float(37 * i % 390 + 5), float(53 * i % 280 + 5)) for i in range(30)]
    first = place(wishes(points), around(points), NO_LINES, BOUNDS, radius=RADIUS)
    assert place(wishes(points), around(points), NO_LINES, BOUNDS, radius=RADIUS) == first
