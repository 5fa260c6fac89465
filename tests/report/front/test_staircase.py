import itertools

from hypothesis import given
from hypothesis import strategies as st
from levit_bench.report.front.staircase import flights, staircase, tails

fronts = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=30, unique=True)
metrics = st.sampled_from(["latency", "throughput"])


def front_of(cloud, metric):
    sign = 1 if metric == "latency" else -1

    def beats(a, b):
        return a != b and sign * a[0] <= sign * b[0] and a[1] >= b[1]

    return [a for a in cloud if not any(beats(b, a) for b in cloud)]


@given(fronts, metrics)
def test_the_staircase_passes_through_the_front_and_never_below_or_beyond_a_point(cloud, metric):
    sign = 1 if metric == "latency" else -1
    front = front_of(cloud, metric)
    corners = staircase(front, metric)
    assert set(front) <= set(corners)
    for a, b in itertools.pairwise(corners):
        assert a[0] == b[0] or a[1] == b[1]
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        # What the line claims can be had, some member really offers; and no measured point is better than the line.
        assert any(sign * p[0] <= sign * middle[0] and p[1] >= middle[1] for p in front)
        assert not any(sign * p[0] < sign * middle[0] and p[1] > middle[1] for p in cloud)


@given(fronts, metrics)
def test_each_member_holds_up_one_flight_and_the_flights_make_the_staircase(cloud, metric):
    front = front_of(cloud, metric)
    found = flights(front, metric)
    assert [[corner for corner in flight if corner in front] for flight in found] == [
        [member] for member in sorted(front, reverse=metric == "throughput")
    ]
    assert all(one[-1] == other[0] for one, other in itertools.pairwise(found))
    assert [*dict.fromkeys(corner for flight in found for corner in flight)] == staircase(front, metric)


def test_a_flight_rises_to_its_member_and_runs_level_until_the_next():
    assert flights([(20, 80), (10, 77)], "latency") == [[(10, 77), (20, 77)], [(20, 77), (20, 80)]]
    assert flights([(50, 80), (100, 77)], "throughput") == [[(100, 77), (50, 77)], [(50, 77), (50, 80)]]


def test_the_line_goes_on_down_from_the_fastest_and_level_from_the_most_accurate():
    assert tails([(10, 77), (20, 80)], "latency", (5, 40), 75) == [[(10, 75), (10, 77)], [(20, 80), (40, 80)]]
    assert tails([(50, 80), (100, 77)], "throughput", (20, 200), 75) == [[(100, 75), (100, 77)], [(50, 80), (20, 80)]]
