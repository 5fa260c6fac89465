import pytest
from levit_bench.catalog.timm_results import PublishedFile, PublishedSpeed, facts_in_name
from levit_bench.errors import NotComparableError, UsageError
from levit_bench.judge.front.panels import panels
from levit_bench.judge.published.accuracies import complete
from levit_bench.judge.published.panels import published_panels, require_room

from tests.judge.published.test_accuracies import accuracies
from tests.making import record

CPU = "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv"


def speed(model, latency_s=0.01, *, resolution=224, batch=1):
    return PublishedSpeed(
        model=model, resolution=resolution, batch=batch, latency_s=latency_s, throughput=batch / latency_s,
        params=1_000_000, macs=None,
    )  # fmt: skip


def speeds(*rows, name=CPU):
    return PublishedFile(name=name, speeds=rows, name_facts=facts_in_name(name))


FOUND = panels([
    record("levit_128s", (0.01, 0.0101, 0.0102), top1=76.6),
    record("levit_192", (0.02, 0.0201, 0.0202), top1=80.0),
    record("deit_tiny", (0.03, 0.0301, 0.0302), top1=76.0),
])  # fmt: skip


def labels(beside):
    return [[point.label for point in panel.points] for panel in beside.panels]


def test_only_networks_that_are_measured_at_that_resolution_are_shown_unless_told():
    file = speeds(
        speed("levit_192", 0.02), speed("levit_128s"), speed("deit_tiny_distilled_patch16_224", 0.03),
        speed("levit_128s", resolution=256), speed("efficientnet_b0"),
    )  # fmt: skip
    beside = published_panels([file], FOUND)
    assert labels(beside) == [["levit_128s", "levit_192", "deit_tiny_distilled_patch16_224"]]
    assert [(point.is_measured, point.leads) for point in beside.panels[0].points] == [
        (True, True), (True, True), (True, False),
    ]  # fmt: skip
    assert beside.findings == ()


def test_a_panel_says_where_it_comes_from_and_has_neither_interval_nor_front_by_itself():
    (panel,) = published_panels([speeds(speed("levit_128s"))], FOUND).panels
    assert (panel.file, panel.batch, panel.name_facts.machine, panel.front) == (CPU, 1, "i9_10940x", ())
    (point,) = panel.points
    assert (point.on_front, point.dominated_by, point.accuracy.top1, point.family) == (None, None, 76.6, "LeViT")
    assert not hasattr(point, "latency")


def test_published_figures_never_change_a_measured_front():
    file = speeds(speed("levit_128s", 1e-6), speed("efficientnet_b4", 1e-6, resolution=380))
    before = [(p.label, p.on_front, p.dominated_by) for p in FOUND[0].points]
    for front in (False, True):
        published_panels([file], FOUND, networks=["all"], front=front)
        assert [(p.label, p.on_front, p.dominated_by) for p in FOUND[0].points] == before


def test_a_published_front_is_found_among_the_panels_own_points_when_asked_for():
    file = speeds(speed("levit_128s", 0.01), speed("levit_192", 0.02), speed("deit_tiny_distilled_patch16_224", 0.03))
    (panel,) = published_panels([file], FOUND, front=True).panels
    assert [point.label for point in panel.front] == ["levit_128s", "levit_192"]
    assert panel.points[2].dominated_by == "levit_192"


def test_every_file_and_every_batch_size_is_a_panel_and_batches_can_be_chosen():
    batched = speeds(speed("levit_128s", batch=256), speed("levit_192", batch=64))
    files = [batched, speeds(speed("levit_128s"), name="other.csv")]
    beside = published_panels(files, FOUND)
    assert [(panel.file, panel.batch) for panel in beside.panels] == [(CPU, 64), (CPU, 256), ("other.csv", 1)]
    chosen = published_panels(files, FOUND, batches=[256])
    assert [(panel.file, panel.batch) for panel in chosen.panels] == [(CPU, 256)]
    assert [finding.kind for finding in chosen.findings] == ["published-none-chosen"]
    with pytest.raises(UsageError, match=r"--published-batch 8: no published .*\. There are 1, 64, 256"):
        published_panels(files, FOUND, batches=[8])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["all"], ["levit_128s@224", "levit_128s@256", "efficientnet_b0", "mobilenetv2_100", "resnet26t"]),
        (["levit"], ["levit_128s"]),
        (["levit_*"], ["levit_128s@224", "levit_128s@256"]),
        (["levit_128s@256"], ["levit_128s"]),
        (["efficientnet,"], []),
        (["measured", "resnet26*"], ["levit_128s", "resnet26t"]),
        (["resnet26t.ra2_in1k"], ["resnet26t"]),
    ],
)
def test_words_choose_by_group_name_glob_and_resolution(words, expected):
    file = speeds(
        speed("levit_128s", 0.01), speed("levit_128s", 0.02, resolution=256), speed("efficientnet_b0", 0.03),
        speed("mobilenetv2_100", 0.04), speed("resnet26t", 0.05),
    )  # fmt: skip
    files = [file, accuracies(resnet26t__ra2_in1k=78.0), accuracies("at-256.csv", resolution=256, levit_128s__fb=76.5)]
    if expected:
        assert labels(published_panels(files, FOUND, networks=words)) == [expected]
    else:
        with pytest.raises(UsageError, match="chooses none of the 5 published speeds"):
            published_panels(files, FOUND, networks=words)


def test_a_file_of_accuracies_comes_before_the_catalog():
    files = [speeds(speed("levit_128s")), accuracies(levit_128s__fb_dist_in1k=76.52)]
    (panel,) = published_panels(files, FOUND).panels
    assert panel.points[0].accuracy.source == "results-imagenet.csv, levit_128s.fb_dist_in1k"
    assert panel.points[0].model == "levit_128s.fb_dist_in1k"


def test_speeds_without_an_accuracy_are_counted_and_named():
    file = speeds(speed("levit_128s"), *(speed(f"unknown_{n}") for n in range(7)))
    beside = published_panels([file], FOUND, networks=["all"])
    assert labels(beside) == [["levit_128s"]]
    (finding,) = beside.findings
    assert finding.kind == "published-no-accuracy"
    assert finding.message.startswith(f"7 of 8 chosen speeds of {CPU} are not drawn")
    assert "unknown_0@224, unknown_1@224" in finding.message
    assert "and 2 more" in finding.message


def test_several_weights_have_no_place_until_they_are_named_and_then_each_has_one():
    files = [speeds(speed("net")), accuracies(net__a=70.0, net__b=80.0)]
    beside = published_panels(files, FOUND, networks=["all"])
    assert beside.panels == ()
    assert [finding.kind for finding in beside.findings] == ["published-several-weights"]
    assert labels(published_panels(files, FOUND, networks=["net.b"])) == [["net"]]
    assert labels(published_panels(files, FOUND, networks=["net.*"])) == [["net.b", "net.a"]]


def test_weights_that_are_measured_say_which_are_meant():
    files = [speeds(speed("net")), accuracies(net__a=70.0, net__b=80.0)]
    (panel,) = published_panels(files, panels([record("net.a")])).panels
    assert [(point.label, point.model) for point in panel.points] == [("net", "net.a")]


def test_nothing_chosen_is_said():
    beside = published_panels([speeds(speed("efficientnet_b0"))], FOUND)
    assert beside.panels == ()
    assert [finding.kind for finding in beside.findings] == ["published-none-chosen"]


def test_choosing_among_speeds_that_are_not_there_is_refused():
    assert published_panels([], FOUND).panels == ()
    assert published_panels([accuracies(a__b=70.0)], FOUND).panels == ()
    for options in ({"networks": ["all"]}, {"batches": [1]}, {"front": True}):
        with pytest.raises(UsageError, match="no published file holds speeds"):
            published_panels([accuracies(a__b=70.0)], FOUND, **options)


def test_more_panels_than_can_be_compared_are_refused_with_what_to_choose():
    file = speeds(*(speed("levit_128s", batch=2**n) for n in range(8)))
    with pytest.raises(NotComparableError, match=r"1 measured and 8 published .* 1, 2, 4, 8, .*--published-batch"):
        require_room(FOUND, published_panels([file], FOUND))
    require_room(FOUND, published_panels([file], FOUND, batches=[1, 2]))


def test_the_order_of_equal_names_is_by_speed_and_labels_are_unique():
    hostile = speeds(speed("net", 0.03), speed("net.a", 0.02), speed("net.b", 0.01))
    files = [hostile, accuracies(net__a=70.0, net__b=80.0)]
    (panel,) = published_panels(files, FOUND, networks=["net.*"], front=True).panels
    assert len({point.label for point in panel.points}) == 4
    assert [point.latency_s for point in panel.points] == [0.01, 0.02, 0.03, 0.03]


def test_no_finding_advises_what_was_done_already():
    unknown, tops = speeds(speed("unknown")), accuracies(a__b=70.0)
    (finding,) = published_panels([unknown], FOUND, networks=["all"]).findings
    assert "Name timm's results-imagenet.csv with --published, too." in finding.message
    (finding,) = published_panels([unknown, tops], FOUND, networks=["all"]).findings
    assert "results-imagenet.csv has none: name a file of accuracies that does" in finding.message
    files = [
        speeds(speed("levit_128s", batch=1), name="one.csv"),
        speeds(speed("levit_128s", batch=4), name="four.csv"),
    ]
    (finding,) = published_panels(files, FOUND, networks=["all"], batches=[4]).findings
    assert "of one.csv is of batch 4, so it has no panel. It has 1: choose with --published-batch." in finding.message


def test_a_file_on_other_images_asks_for_no_file_that_was_named():
    other = accuracies(name="results-imagenet-real.csv", dataset="ImageNet-ReaL", a__b=80.0)
    (finding,) = complete([], [other])[1]
    assert "Name results-imagenet.csv." in finding.message
    (finding,) = complete([], [other, accuracies(a__b=70.0)])[1]
    assert "none was used. Those of results-imagenet.csv were." in finding.message
