import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from levit_bench.catalog.entries import accuracy_of, entries, groups, select, suggest
from levit_bench.errors import UsageError

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
    assert len(entries()) == 163
    assert len(BY_NAME) == 163
    timms = [entry for entry in entries() if entry.built_by == "timm"]
    assert len({(entry.timm_name.partition(".")[0], entry.resolution) for entry in timms}) == len(timms) == 150
    assert {entry.name for entry in entries() if entry.timm_name is None} == set(groups()["ablation"])
    assert len({entry.family for entry in entries()}) >= 70


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
        assert 50 < entry.top1 < 100, entry.name
        assert (entry.crop is None) == (not {"paper", "ablation"}.isdisjoint(entry.groups)), entry.name
        assert entry.crop is None or 0.8 < entry.crop <= 1, entry.name
        if "ablation" in entry.groups:
            assert "100 epochs" in entry.note, entry.name
        else:
            assert entry.v2_top1 < entry.top1 < entry.real_top1 < 100, entry.name
        assert entry.top5 is None or entry.top1 < entry.top5 < 100, entry.name
        assert 106 <= entry.resolution <= 384, entry.name
        assert 1 < entry.params_m < 140, entry.name
        assert 20 < entry.macs_m < 20_000, entry.name
        assert entry.accuracy_source, entry.name
        assert entry.counts_source, entry.name


def test_rows_from_timm_name_the_tag_whose_accuracy_they_carry():
    for name in groups()["timm"]:
        entry = BY_NAME[name]
        source, _, tagged = entry.accuracy_source.partition(", ")
        assert (source, tagged.split(".")[0]) == ("timm results-imagenet", entry.timm_name.split(".")[0])
        assert tagged.count(".") == 1, name
        assert entry.timm_name in (tagged, tagged.split(".")[0])
        assert entry.built_by == "timm"


def test_weights_that_saw_more_than_imagenet_1k_are_marked_and_no_others():
    # A tag such as augreg_in21k_ft_in1k says so; HGNetV2's distillation on ImageNet-22k images does not.
    for entry in entries():
        said = set(re.findall(r"in(?:12k|21k|22k)|jft|laion2?b?|ig1b|openai|swag|ssld", entry.accuracy_source))
        assert bool(said) == (entry.pretraining is not None), entry.name
    assert {entry.pretraining for entry in entries()} == {None, "in21k", "in22k-ssld"}


# What is printed differently from what we count, for a reason that is no sum: each name with the words of its note.
UNLIKE = {
    "efficientnet_b1": "EfficientNet's authors print 700 M MACs",
    "efficientnet_b2": "EfficientNet's authors print 9.2 M parameters",
    "efficientnet_b4": "EfficientNet's authors print 4200 M MACs",
    "levit_256": "the paper prints 1120 M for 1128 M",
    "deit_tiny": "without the patch embedding",
    "deit_small": "without the patch embedding",
    "ghostnetv3_100": "timm's MACs are those of the re-parameterised form",
}


def _agrees(printed, count):
    """Whether a count, rounded, is what was printed: zeros at the end of a whole number carry no digit beyond two."""
    number, unit = printed[:-1], {"M": 1e6, "G": 1e9}[printed[-1]]
    whole, _, decimals = number.partition(".")
    step = 10.0 ** -len(decimals) if decimals else 10.0 ** (len(whole) - max(2, len(whole.rstrip("0"))))
    return abs(count - float(number) * unit) <= step / 2 * unit * 1.000001 + 5_000  # The catalog's own rounding.


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_our_counts_are_the_published_ones_or_the_note_says_what_the_difference_is(entry):
    unlike = UNLIKE.get(entry.name)
    assert unlike is None or unlike in entry.note
    params = _agrees(entry.published_params, entry.params_m * 1e6)
    assert params or (entry.name in ("efficientnet_b2", "deit_small") and "M parameters" in entry.note)
    added = re.search(r"MACs add ([0-9.]+) M(?: for|:)", entry.note)
    counted = entry.macs_m + (float(added[1]) if added else 0)
    assert _agrees(entry.published_macs, counted * 1e6) or unlike
    assert not (
        added and unlike is None and _agrees(entry.published_macs, entry.macs_m * 1e6) and "G" in entry.published_macs
    )


@pytest.mark.parametrize(("printed", "count", "same"), [
    ("0.31G", 305.1e6, True), ("0.31G", 304.6e6, False), ("390M", 385.8e6, True), ("390M", 384e6, False),
    ("1000M", 955e6, True), ("1000M", 945e6, False), ("305M", 305.4e6, True), ("305M", 305.6e6, False),
    ("12M", 12.4e6, True), ("12M", 12.6e6, False), ("7.8M", 7.777e6, True), ("7.8M", 7.7e6, False),
])  # fmt: skip
def test_agreement_is_agreement_to_the_printed_digits(printed, count, same):
    assert _agrees(printed, count) is same


def test_groups_hold_what_their_names_say():
    sizes = {name: len(members) for name, members in groups().items()}
    assert sizes == {
        "all": 163,
        "paper": 12,
        "levit": 15,
        "front-cpu": 25,
        "efficientnet": 5,
        "deit": 4,
        "ablation": 8,
        "timm": 143,
        "mobile": 61,
    }
    assert set(groups()["paper"]) | set(groups()["timm"]) | set(groups()["ablation"]) == set(groups()["all"])


# Table 5 of the paper: rows A1 to A7 and the base, ImageNet top-1 in percent after 100 epochs.
TABLE_5 = {"one_head": 71.9, "a1": 56.5, "a2": 65.3, "a3": 66.6, "a4": 69.7, "a5": 70.4, "a6": 70.9, "a7": 71.1}


def test_the_ablation_carries_the_papers_accuracies():
    assert {name.removeprefix("levit_128s_"): BY_NAME[name].top1 for name in groups()["ablation"]} == TABLE_5
    assert all(BY_NAME[name].accuracy_source.endswith("Table 5") for name in groups()["ablation"])


def test_timms_levit_stands_beside_ours_under_its_full_name():
    for name in ("levit_128s", "levit_128", "levit_192", "levit_256", "levit_384"):
        ours, timms = BY_NAME[name], BY_NAME[f"{name}.fb_dist_in1k"]
        assert (ours.built_by, timms.built_by) == ("levit-bench", "timm")
        assert (ours.params_m, ours.macs_m) == (timms.params_m, timms.macs_m)
        assert ours.top1 == pytest.approx(timms.top1, abs=0.2)


def test_the_group_of_the_cpu_front_is_the_table_of_its_page():
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| Core i[79][^|]*\| `([^`]+)` \| (\d+) \| [0-9.]+ \| ([0-9.]+) \| ([0-9.]+) \|$", page, re.M)
    assert len(rows) == 32
    members = [BY_NAME[name] for name in groups()["front-cpu"]]
    assert {(tag.split(".")[0], int(pixels)) for tag, pixels, *_ in rows} == {
        (e.timm_name, e.resolution) for e in members
    }
    assert all(float(gmacs) <= 5 for *_, gmacs in rows)
    for tag, pixels, top1, _ in rows:
        (entry,) = (e for e in members if (e.timm_name, e.resolution) == (tag.split(".")[0], int(pixels)))
        assert tag in entry.accuracy_source + entry.note
        assert entry.top1 == pytest.approx(float(top1), abs=0.2 if "paper" in entry.groups else 0.001)


def test_no_group_is_called_like_a_network():
    assert set(groups()).isdisjoint(BY_NAME)


def test_accuracy_belongs_to_the_published_resolution():
    accuracy = accuracy_of(BY_NAME["levit_192"])
    assert (accuracy.top1, accuracy.top5, accuracy.images) == (80.0, 94.7, 50_000)
    assert accuracy.source == BY_NAME["levit_192"].accuracy_source
    assert accuracy_of(select(["levit_192@192"]).entries[0]) is None


def test_names_globs_and_groups_choose_in_the_order_of_first_mention():
    assert _names("resnet50") == ["resnet50"]
    assert _names("levit")[:5] == ["levit_128s", "levit_128", "levit_192", "levit_256", "levit_384"]
    assert _names("resnet*", "levit_1[29]?", "levit_128s") == [
        "resnet10t",
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "levit_128",
        "levit_192",
        "levit_128s",
    ]
    assert _names("deit_small", "paper")[:2] == ["deit_small", "levit_128s"]
    assert _names("all") == [entry.name for entry in entries()]


def test_commas_separate_as_items_do():
    assert select(["levit_192, resnet50,", "", " resnet18 "]) == select(["levit_192", "resnet50", "resnet18"])


def test_a_network_chosen_twice_comes_once():
    assert len(_names("paper", "levit", "levit_192", "levit_???")) == 22


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
    assert (entry.crop, entry.pretraining, entry.published_macs) == (None,) * 3
    assert "224" in entry.note


def test_another_resolution_points_to_the_entry_that_has_figures_there():
    entry = select(["mobilenetv4_conv_small@256"]).entries[0]
    assert entry.note.endswith("and for mobilenetv4_conv_small_r256 at 256 px")


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
    with pytest.raises(UsageError, match=r"'zz\*' matches no network.*'levit-bench list' shows all 163\."):
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
        "unknown network 'levit128s'. Did you mean 'levit_128s'? 'levit-bench list' shows all 163."
    )
    assert "Did you mean 'levit_192'?" in suggest("LEVIT_192")
    assert "Did you mean 'mobile'?" in suggest("mobil")


def test_names_from_elsewhere_are_suggested_too():
    assert "Did you mean 'resnest50d'?" in suggest("resnest50", extra=["resnest50d"])


def test_of_equally_near_names_one_of_the_catalog_is_suggested() -> None:
    said = suggest("levit_129", extra=["levit_512", "levit_512d"])
    assert "Did you mean 'levit_128'?" in said or "Did you mean 'levit_192'?" in said


def test_a_name_like_no_other_is_answered_without_a_guess():
    assert suggest("qqqq") == "unknown network 'qqqq'. 'levit-bench list' shows all 163."


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
def test_every_network_is_built_with_the_counts_of_the_catalog(entry):
    import torch
    from levit_bench.measuring import networks
    from levit_bench.measuring.counting.operation_counts import counted_macs

    with torch.device("meta"):  # Shapes alone: nothing is drawn and nothing is multiplied.
        network = networks.build(entry.name, entry.shape).requires_grad_(requires_grad=False)
        image = torch.zeros(1, 3, entry.resolution, entry.resolution)
        assert sum(p.numel() for p in network.parameters()) == round(entry.params_m * 1e6)
        count = counted_macs(lambda: network(image))
        assert (round(count.macs / 1e6, 2), count.unknown) == (entry.macs_m, ())
        assert network(image).shape == (1, 1000)
    heads = [
        name for name, _ in network.named_modules() if name.split(".")[-1] in ("head_dist", "head2", "distilled_head")
    ]
    assert bool(heads) <= ("both heads" in entry.note)
