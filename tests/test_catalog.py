import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.catalog import accuracy_of, entries, groups, select, suggest
from bench.errors import UsageError

# Table 3 of the LeViT paper (arXiv:2104.01136v2): resolution, ImageNet, -ReaL and -V2 top-1, all in percent.
TABLE_3 = {
    "levit_128s": (224, 76.6, 83.1, 64.3),
    "levit_128": (224, 78.6, 84.7, 66.6),
    "levit_192": (224, 80.0, 85.7, 68.0),
    "levit_256": (224, 81.6, 86.8, 70.0),
    "levit_384": (224, 82.6, 87.6, 71.3),
    "efficientnet_b0": (224, 77.1, 83.5, 64.3),
    "efficientnet_b1": (240, 79.1, 84.9, 66.9),
    "efficientnet_b2": (260, 80.1, 85.9, 68.8),
    "efficientnet_b3": (300, 81.6, 86.8, 70.6),
    "efficientnet_b4": (380, 82.9, 88.0, 72.3),
    "deit_tiny": (224, 76.6, 83.9, 65.4),
    "deit_small": (224, 82.6, 87.8, 71.7),
}
# The same table's size of the networks: millions of parameters, and of multiply-accumulates.
TABLE_3_SIZES = {
    "levit_128s": (7.8, 305),
    "levit_128": (9.2, 406),
    "levit_192": (10.9, 658),
    "levit_256": (18.9, 1120),
    "levit_384": (39.1, 2353),
    "efficientnet_b0": (5.3, 390),
    "efficientnet_b1": (7.8, 700),
    "efficientnet_b2": (9.2, 1000),
    "efficientnet_b3": (12, 1800),
    "efficientnet_b4": (19, 4200),
    "deit_tiny": (5.9, 1220),
    "deit_small": (22.5, 4522),
}

BY_NAME = {entry.name: entry for entry in entries()}


def _names(*patterns: str) -> list[str]:
    return [entry.name for entry in select(patterns).entries]


def test_the_catalog_holds_the_papers_twelve_and_a_spread_of_others():
    assert len(entries()) == 48
    assert len(BY_NAME) == 48
    assert len({(entry.timm_name, entry.resolution) for entry in entries()}) == 48
    assert len({entry.family for entry in entries()}) >= 20


def test_the_papers_rows_carry_the_papers_accuracies():
    found = {name: BY_NAME[name] for name in groups()["paper"]}
    assert {n: (e.resolution, e.top1, e.real_top1, e.v2_top1) for n, e in found.items()} == TABLE_3
    assert all(entry.accuracy_source.startswith("LeViT paper, arXiv:2104.01136v2, Table 3") for entry in found.values())


@pytest.mark.parametrize("name", TABLE_3)
def test_the_papers_rows_are_as_large_as_the_paper_says(name):
    params_m, macs_m = TABLE_3_SIZES[name]
    assert BY_NAME[name].params_m == pytest.approx(params_m, rel=0.03)
    assert BY_NAME[name].macs_m == pytest.approx(macs_m, rel=0.05)


@pytest.mark.parametrize("name", TABLE_3)
def test_a_paper_row_says_where_public_weights_differ(name):
    assert "score" in BY_NAME[name].note or "timm measures the same weights" in BY_NAME[name].note


def test_every_row_is_plausible_and_says_who_published_it():
    for entry in entries():
        assert 50 < entry.top1 < entry.real_top1 < 100, entry.name
        assert entry.v2_top1 < entry.top1, entry.name
        assert entry.top5 is None or entry.top1 < entry.top5 < 100, entry.name
        assert 128 <= entry.resolution <= 384, entry.name
        assert 1 < entry.params_m < 50, entry.name
        assert 50 < entry.macs_m < 5000, entry.name
        assert entry.accuracy_source, entry.name


def test_rows_from_timm_name_the_tag_whose_accuracy_they_carry():
    for name in groups()["timm"]:
        entry = BY_NAME[name]
        source, _, tagged = entry.accuracy_source.partition(", ")
        assert (source, tagged.split(".")[0]) == ("timm results-imagenet", entry.timm_name)
        assert tagged.count(".") == 1, name


def test_groups_hold_what_their_names_say():
    sizes = {name: len(members) for name, members in groups().items()}
    assert sizes == {"all": 48, "paper": 12, "levit": 5, "efficientnet": 5, "deit": 4, "timm": 36, "mobile": 22}
    assert set(groups()["paper"]) | set(groups()["timm"]) == set(groups()["all"])


def test_no_group_is_called_like_a_network():
    assert set(groups()).isdisjoint(BY_NAME)


def test_accuracy_belongs_to_the_published_resolution():
    accuracy = accuracy_of(BY_NAME["levit_192"])
    assert (accuracy.top1, accuracy.top5, accuracy.images) == (80.0, 94.7, 50_000)
    assert accuracy.source == BY_NAME["levit_192"].accuracy_source
    assert accuracy_of(select(["levit_192@192"]).entries[0]) is None


def test_names_globs_and_groups_choose_in_the_order_of_first_mention():
    assert _names("resnet50") == ["resnet50"]
    assert _names("levit") == ["levit_128s", "levit_128", "levit_192", "levit_256", "levit_384"]
    assert _names("resnet*", "levit_1[29]*") == [
        "resnet18",
        "resnet34",
        "resnet50",
        "levit_128s",
        "levit_128",
        "levit_192",
    ]
    assert _names("deit_small", "paper")[:2] == ["deit_small", "levit_128s"]
    assert _names("all") == [entry.name for entry in entries()]


def test_commas_separate_as_items_do():
    assert select(["levit_192, resnet50,", "", " resnet18 "]) == select(["levit_192", "resnet50", "resnet18"])


def test_a_network_chosen_twice_comes_once():
    assert len(_names("paper", "levit", "levit_192", "levit_*")) == 12


def test_names_outside_the_catalog_are_handed_on_as_written():
    chosen = select(["levit_192", "resnet50.a1_in1k", "my.module:build", "vit_base_patch16_224@384", "my.module:build"])
    assert [entry.name for entry in chosen.entries] == ["levit_192"]
    assert chosen.unknown == ("resnet50.a1_in1k", "my.module:build", "vit_base_patch16_224@384")


def test_another_resolution_carries_no_figures_that_belong_to_the_published_one():
    entry = select(["efficientnet_b0@256"]).entries[0]
    assert (entry.name, entry.resolution, entry.params_m) == (
        "efficientnet_b0",
        256,
        BY_NAME["efficientnet_b0"].params_m,
    )
    assert (entry.top1, entry.top5, entry.real_top1, entry.v2_top1, entry.macs_m) == (None,) * 5
    assert "224" in entry.note


def test_the_published_resolution_may_be_written_out():
    assert select(["efficientnet_b2@260"]).entries == (BY_NAME["efficientnet_b2"],)


def test_one_network_at_two_resolutions_is_two_entries():
    chosen = select(["efficientnet_b0", "efficientnet_b0@256", "efficientnet_b0@224"]).entries
    assert [entry.resolution for entry in chosen] == [224, 256]


def test_a_resolution_may_follow_a_group():
    assert {entry.resolution for entry in select(["efficientnet@192"]).entries} == {192}


@pytest.mark.parametrize("patterns", [[], [""], [",", " , "]])
def test_an_empty_choice_is_refused_with_the_groups_to_choose_from(patterns):
    with pytest.raises(UsageError, match=r"no network was named.*groups: all, paper, levit"):
        select(patterns)


def test_a_glob_without_a_match_is_named():
    with pytest.raises(UsageError, match=r"'zz\*' matches no network.*'levit-bench list' shows all 48\."):
        select(["levit_192", "zz*"])


@pytest.mark.parametrize("text", ["x" * 201, "x" * 300, "levit\x1b[31m_192", "levit\n192", "levit\u202e192", "\x00"])
def test_a_hostile_name_is_refused_and_shown_harmlessly(text):
    with pytest.raises(UsageError, match="at most 200 printable characters") as caught:
        select([text])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text", ["@", "@224", "levit_192@", "levit_192@0", "levit_192@99999", "a@1@2", "b0@²", "b0@-1", "b0@4097"]
)
def test_a_resolution_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="asks for no usable resolution"):
        select([text])


def test_a_mistyped_name_is_answered_with_the_nearest():
    assert suggest("levit128s") == (
        "unknown network 'levit128s'. Did you mean 'levit_128s'? 'levit-bench list' shows all 48."
    )
    assert "Did you mean 'levit_192'?" in suggest("LEVIT_192")
    assert "Did you mean 'mobile'?" in suggest("mobil")


def test_names_from_elsewhere_are_suggested_too():
    assert "Did you mean 'resnest50d'?" in suggest("resnest50", extra=["resnest50d"])


def test_of_equally_near_names_one_of_the_catalog_is_suggested() -> None:
    said = suggest("levit_129", extra=["levit_512", "levit_512d"])
    assert "Did you mean 'levit_128'?" in said or "Did you mean 'levit_192'?" in said


def test_a_name_like_no_other_is_answered_without_a_guess():
    assert suggest("qqqq") == "unknown network 'qqqq'. 'levit-bench list' shows all 48."


@given(st.text(max_size=400))
def test_any_text_is_chosen_handed_on_or_refused_in_words(text):
    try:
        chosen = select([text])
    except UsageError as error:
        message = str(error)
    else:
        message = suggest(text)
        assert chosen.entries or chosen.unknown
        assert all(len(name) <= 200 and name.isprintable() for name in chosen.unknown)
    assert message.isprintable()


@pytest.mark.slow
@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_timm_builds_every_network_with_the_parameters_of_the_catalog(entry):
    import torch

    from bench.measuring.timm_import import import_timm

    timm = import_timm()
    assert timm.is_model(entry.timm_name)
    with torch.device("meta"):
        network = timm.create_model(entry.timm_name, pretrained=False)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 3) == entry.params_m
    heads = [name for name in ("head_dist", "head2") if hasattr(network, name)]
    assert bool(heads) <= ("both heads" in entry.note)
